import { ok } from 'node:assert/strict';
import type { FrameRange, TaskReader } from '../../server/index';

/** A frame as a reader gets it. */
export interface ReceivedFrame {
  readonly epoch: number;
  readonly n: number;
  /** The chunk, as JSON. */
  readonly data: string;
}

/** A frame whose cursor counts epochs from 0, because an epoch's number differs from log to log. */
export interface RelativeFrame {
  readonly cursor: string;
  readonly data: string;
}

function framesOf({ epoch, data, offset, start, end }: FrameRange): ReceivedFrame[] {
  ok(start < end, 'A range has at least one frame.');
  return data.slice(start - offset, end - offset).map((frame, index) => {
    const n = start + index;
    ok(frame !== undefined, `Frame ${epoch}-${n} is missing in the range that is to hold it.`);
    return { epoch, n, data: frame };
  });
}

/** Reads until `count` frames have come, or else to the end of the log. */
export async function receiveFrames(
  reader: TaskReader,
  count: number = Number.POSITIVE_INFINITY,
): Promise<ReceivedFrame[]> {
  const received: ReceivedFrame[] = [];
  while (received.length < count) {
    const { value: range } = await reader.next();
    if (!range) break;
    for (const frame of framesOf(range)) received.push(frame);
  }
  return received;
}

/** Like `receiveFrames`, with epochs counted from the lowest one that was received. */
export async function receive(reader: TaskReader, count?: number): Promise<RelativeFrame[]> {
  const received = await receiveFrames(reader, count);
  const firstEpoch = Math.min(...received.map(({ epoch }) => epoch));
  return received.map(({ epoch, n, data }) => ({ cursor: `${epoch - firstEpoch}-${n}`, data }));
}

/** Reads until `count` frames have come, and tells of each of their ranges whether it was a replay. */
export async function receiveMarks(reader: TaskReader, count: number): Promise<boolean[]> {
  const marks: boolean[] = [];
  for (let taken = 0; taken < count; ) {
    const { value: range } = await reader.next();
    ok(range, 'The log has ended too early.');
    marks.push(range.isReplay);
    taken += range.end - range.start;
  }
  return marks;
}
