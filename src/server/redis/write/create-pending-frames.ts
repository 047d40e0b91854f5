import { nothingOpen, type OpenParts, openedUntil, trackFrame } from '../../log/open-parts';
import { bridge } from '../../log/part-ends';
import {
  cutAt,
  entryOf,
  type FrameRun,
  hasRoomFor,
  lengthOf,
  runOf,
  takeBatch,
} from './frame-runs';
import type { PendingFrames } from './pending-frames';

/** Frames that were dropped, of which the next epoch tells. */
interface Loss {
  /** What was open before them. */
  readonly openBefore: OpenParts;
  /** How many frames there were when there was room again. */
  readonly end: number | undefined;
}

/**
 * A reader of the log must be able to follow it although frames were dropped: AI SDK clients throw
 * at a delta of a part whose start they have not seen, and a tool call that never ends makes a
 * chat's next turn throw. So the epoch that follows brings what has ended and what was opened in
 * what its readers lack.
 */
export function createPendingFrames({
  frames: storedFrames,
  next: firstCount,
}: {
  /** What the log begins with. */
  frames: readonly string[];
  /** The number that the next frame gets. */
  next: number;
}): PendingFrames {
  let runs: FrameRun[] = [];
  // Of all runs.
  let length = 0;
  // Frames are counted on from epoch to epoch: so many there were before number 0 of this one.
  let zero = 0;
  let count = firstCount;
  let open = storedFrames.reduce(trackFrame, nothingOpen);
  let loss: Loss | undefined;
  // What this epoch begins with, also when that is stored.
  let preface: FrameRun | undefined;

  const change = (changed: FrameRun[]) => {
    runs = changed;
    length = lengthOf(changed);
  };

  const storedCount = () => runs[0]?.first ?? count;

  /** Up to where this epoch goes. */
  const end = () => (loss ? (loss.end ?? count) : Number.POSITIVE_INFINITY);

  const isDropping = () => loss !== undefined && loss.end === undefined;

  const isEpochDue = () => storedCount() >= end();

  /** Drops what waits from a place on; behind another loss, all that was kept since. */
  const lose = (from: number, openBefore: OpenParts) => {
    const last = Math.min(from, end());
    loss = { openBefore: loss && from >= end() ? loss.openBefore : openBefore, end: undefined };
    change(runs.filter(({ first }) => first < last));
  };

  return {
    length: () => length,
    first: () => storedCount() - zero,
    next: () => count - zero,
    storedCount,
    count: () => count,
    open: () => open,
    isDropping,
    isEpochDue,

    push(frame, room) {
      if (length + frame.length > room && !isDropping()) lose(count, open);
      if (!loss || !isDropping()) {
        let run = runs.at(-1);
        if (!run || !hasRoomFor(frame, run)) {
          run = runOf(count, [], open);
          runs.push(run);
        }
        run.frames.push(frame);
        run.length += frame.length;
        length += frame.length;
      }
      open = trackFrame(open, frame, count++);
    },

    shed(room) {
      const cut = cutAt(room, runs);
      if (cut) lose(cut.first, cut.openBefore);
    },

    resume() {
      if (!loss || !isDropping()) return;
      loss = { ...loss, end: count };
      const run = runs.at(-1);
      if (run) run.isSent = true;
    },

    batch(from = 0) {
      const wanted = runs.filter(({ first }) => first >= zero + from && first < end());
      const { taken, hasRoom } = takeBatch(wanted);
      const entries = taken.map(({ first, frames }) => entryOf(first - zero, frames));
      return { entries, isAll: hasRoom && !loss };
    },

    shift(last) {
      const stored = zero + last + 1;
      const left = runs.flatMap((run) => {
        if (run.first >= stored) return run;
        const rest = run.frames.slice(stored - run.first);
        return rest.length > 0 ? runOf(stored, rest, run.openBefore) : [];
      });
      change(left);
    },

    beginEpoch({ head, errorText, last }) {
      // One that nobody has read takes along what it was to tell.
      if (runs[0] === preface) runs.shift();
      const now = runs[0]?.openBefore ?? open;
      const before = (isEpochDue() && loss?.openBefore) || now;
      if (isEpochDue()) loss = undefined;
      const known = openedUntil(before, zero + last);
      const frames = [...head, ...bridge(known, now, errorText)];
      zero = storedCount() - frames.length;
      preface = { ...runOf(zero, frames, known), isSent: true };
      change([preface, ...runs]);
      return frames;
    },
  };
}
