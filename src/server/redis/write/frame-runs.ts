import { lengthOf } from '../../log/log-window';
import type { OpenParts } from '../../log/open-parts';
import type { Entry } from '../scripts/stored-task';

/** About how many characters a run has at most. It is never cut within a frame. */
const maxRunLength = 64 * 1024;

/** About how many characters one call carries at most. */
const maxBatchLength = 256 * 1024;

/** What each run counts in a call beside its frames, in characters, so that a call has few runs. */
const runOverhead = 64;

/** Neighbouring frames, which are stored in one entry. */
export interface FrameRun {
  /** How many frames there were before this run, in all epochs. */
  readonly first: number;
  readonly frames: string[];
  /** Characters of `frames`. */
  length: number;
  /** Whether the run was sent. It must not grow any more then, because it may be stored already. */
  isSent: boolean;
  /** The parts that are open before this run. */
  readonly openBefore: OpenParts;
}

/** Makes a run of frames. */
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

/** The runs that go in one call, and whether there is room for more in that call. */
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

/** The first run to drop, so that about `maxLength` characters stay. Runs that were sent stay, too. */
export function cutAt(maxLength: number, runs: readonly FrameRun[]): FrameRun | undefined {
  let kept = 0;
  return runs.find((run) => {
    kept += run.length;
    return kept > maxLength && !run.isSent;
  });
}
