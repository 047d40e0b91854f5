import { lengthOf } from '../../log/log-window';
import { nothingOpen, type OpenParts, openedUntil, trackFrame } from '../../log/open-parts';
import { bridge } from '../../log/part-ends';
import { cutAt, entryOf, type FrameRun, hasRoomFor, runOf, takeBatch } from './frame-runs';
import type { PendingFrames } from './pending-frames';

/** Frames that were dropped. The next epoch tells readers so. */
interface Loss {
  /** The parts that were open before the dropped frames. */
  readonly openBefore: OpenParts;
  /** The count of frames when there was room again; `undefined` while frames are dropped. */
  readonly end: number | undefined;
}

/**
 * Creates the queue of frames that wait to be stored. When frames were dropped, readers of the log
 * must still be able to follow it: AI SDK clients throw at a delta of a part whose start they have
 * not seen, and a tool call that never ends makes a chat's next turn throw. So the next epoch begins
 * with the ends of the parts that have ended in the dropped frames, and the starts of those that were
 * opened there.
 */
export function createPendingFrames({
  frames: storedFrames,
  next: firstCount,
}: {
  /** The frames that the log begins with, which are stored already. */
  frames: readonly string[];
  /** The number that the next frame gets. */
  next: number;
}): PendingFrames {
  let runs: FrameRun[] = [];
  // The characters of all runs.
  let length = 0;
  // Frames are counted through all epochs: `zero` is the count before frame 0 of the present epoch.
  let zero = 0;
  let count = firstCount;
  let open = storedFrames.reduce(trackFrame, nothingOpen);
  let loss: Loss | undefined;
  let isWhole = true;
  // The frames that this epoch begins with, kept here even once they are stored.
  let preface: FrameRun | undefined;

  const change = (changed: FrameRun[]) => {
    runs = changed;
    length = lengthOf(changed);
  };

  const storedCount = () => runs[0]?.first ?? count;

  /** The count of frames at which this epoch ends, because those after it were dropped. */
  const end = () => (loss ? (loss.end ?? count) : Number.POSITIVE_INFINITY);

  const isDropping = () => loss !== undefined && loss.end === undefined;

  const isEpochDue = () => storedCount() >= end();

  /** Drops the frames that wait from `from` on, and all that were kept after an earlier loss. */
  const lose = (from: number, openBefore: OpenParts) => {
    const last = Math.min(from, end());
    isWhole = false;
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
    isWhole: () => isWhole,
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
      // A beginning that was not stored is dropped: the new one tells all that it had to tell.
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
