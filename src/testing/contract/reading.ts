import { ok } from 'node:assert/strict';
import type { TaskReader } from '../../server/index';

/** A frame as a reader gets it. */
export interface ReceivedFrame {
  readonly epoch: number;
  readonly n: number;
  /** The chunk, as JSON. */
  readonly data: string;
}

/** A frame whose cursor counts epochs from 0: their numbers are drawn, and differ from log to log. */
export interface RelativeFrame {
  readonly cursor: string;
  readonly data: string;
}

/** Takes what is there now. */
export function takeNow(reader: TaskReader): ReceivedFrame[] {
  const taken: ReceivedFrame[] = [];
  for (let range = reader.take(); range; range = reader.take()) {
    const { epoch, offset, start, end } = range;
    ok(start < end, 'A range has at least one frame.');
    for (let n = start; n < end; n++) {
      const data = range.data[n - offset];
      ok(data !== undefined, `Frame ${epoch}-${n} is missing in the range that is to hold it.`);
      taken.push({ epoch, n, data });
    }
  }
  return taken;
}

/** Reads until `count` frames have come, or to the end. */
export async function receiveFrames(
  reader: TaskReader,
  count: number = Number.POSITIVE_INFINITY,
): Promise<ReceivedFrame[]> {
  const received: ReceivedFrame[] = [];
  for (;;) {
    received.push(...takeNow(reader));
    if (received.length >= count || reader.isEnded) return received;
    await reader.wait();
  }
}

/** The same, with epochs counted from the lowest among what was received. */
export async function receive(reader: TaskReader, count?: number): Promise<RelativeFrame[]> {
  const received = await receiveFrames(reader, count);
  const firstEpoch = Math.min(...received.map(({ epoch }) => epoch));
  return received.map(({ epoch, n, data }) => ({ cursor: `${epoch - firstEpoch}-${n}`, data }));
}

/** For each range that comes, until so many frames have, whether it was a replay. */
export async function receiveMarks(reader: TaskReader, count: number): Promise<boolean[]> {
  const marks: boolean[] = [];
  for (let taken = 0; taken < count; ) {
    const range = reader.take();
    if (range) {
      marks.push(range.isReplay);
      taken += range.end - range.start;
    } else await reader.wait();
  }
  return marks;
}
