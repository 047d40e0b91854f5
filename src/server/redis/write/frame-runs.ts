import type { OpenParts } from '../../log/open-parts';
import type { Entry } from '../scripts/stored-task';

/** Runs are cut at about this many characters, but never within a frame. */
const maxRunLength = 64 * 1024;

/** One call carries about so many characters at most. */
const maxBatchLength = 256 * 1024;

/** What a run costs in a call beside its frames, in characters: so it has not too many of them. */
const runOverhead = 64;

/** Neighbouring frames, which are stored in one entry. */
export interface FrameRun {
  /** How many frames there were before it. */
  readonly first: number;
  readonly frames: string[];
  /** Characters of `frames`. */
  length: number;
  /** Sent, and perhaps stored: it must not grow, or the log could hold a part of it. */
  isSent: boolean;
  /** What is open before it. */
  readonly openBefore: OpenParts;
}

export function lengthOf(list: readonly { readonly length: number }[]): number {
  return list.reduce((sum, { length }) => sum + length, 0);
}

/** A run of frames, before which there were `first`. */
export function runOf(first: number, frames: string[], openBefore: OpenParts): FrameRun {
  return { first, frames, length: lengthOf(frames), isSent: false, openBefore };
}

/** An entry with frames from number `first` on. */
export function entryOf(first: number, frames: readonly string[]): Entry {
  return { first, last: first + frames.length - 1, text: frames.join('\n') };
}

/** Whether a frame can go into the run. */
export function hasRoomFor(frame: string, { isSent, length }: FrameRun): boolean {
  return !isSent && length + frame.length <= maxRunLength;
}

/** Those of the runs that go in one call, and whether there is room for more in it. */
export function takeBatch(runs: readonly FrameRun[]): { taken: FrameRun[]; hasRoom: boolean } {
  const taken: FrameRun[] = [];
  let length = 0;
  for (const run of runs) {
    if (length >= maxBatchLength) break;
    run.isSent = true;
    taken.push(run);
    length += run.length + runOverhead;
  }
  return { taken, hasRoom: length < maxBatchLength };
}

/** Cuts the newest off, so that about `maxLength` characters are left; what was sent stays. */
export function cutAt(maxLength: number, runs: readonly FrameRun[]): FrameRun | undefined {
  let kept = 0;
  return runs.find((run) => {
    kept += run.length;
    return kept > maxLength && !run.isSent;
  });
}
