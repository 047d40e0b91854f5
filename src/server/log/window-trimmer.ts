import type { LogSegment, LogWindow } from './log-window';

/** Keeps a window small, whose frames can be read from a storage again. */
export interface WindowTrimmer {
  /** Whether the window holds so much that some of it should be forgotten. */
  readonly isDue: boolean;
  /**
   * Forgets frames before `stored` that no reader wants any more. If the window is still too large,
   * forgets all frames that are stored, and then the oldest of the others.
   */
  trim(stored: number): void;
}

/** How many characters are kept of frames that readers have had, for readers who come soon. */
const keptLength = 128 * 1024;

/** How many characters are kept of frames that a reader has yet to take; slow readers fetch theirs. */
const maxLength = 1024 * 1024;

export function createWindowTrimmer(
  window: LogWindow,
  /** How many more characters are kept for readers while frames cannot be stored. */
  { maxUnstoredLength = 0 }: { maxUnstoredLength?: number } = {},
): WindowTrimmer {
  // How many characters there may be before the next attempt to forget some.
  let trimAt = keptLength;

  /** The first frame of an epoch that some reader has yet to take. */
  const wantedFrom = (epoch: number) => {
    let least = Number.POSITIVE_INFINITY;
    for (const { position } of window.readers) {
      if (position.epoch > epoch) continue;
      least = Math.min(least, position.epoch < epoch ? window.beginOf(epoch) : position.n);
    }
    return least;
  };

  const isDue = () => window.length > trimAt;

  return {
    get isDue() {
      return isDue();
    },
    trim(stored) {
      if (!isDue()) return;
      const storedBefore = ({ epoch }: LogSegment) =>
        epoch === window.epoch ? stored : Number.POSITIVE_INFINITY;
      const wantedBefore = ({ epoch }: LogSegment) => wantedFrom(epoch);
      window.forget((segment) => Math.min(storedBefore(segment), wantedBefore(segment)));
      if (window.length > maxLength) window.forget(storedBefore);
      const limit = maxLength + maxUnstoredLength;
      if (window.length > limit) window.forget(wantedBefore);
      let excess = window.length - limit;
      window.forget(({ data, offset }) => {
        let count = 0;
        for (; excess > 0 && count < data.length; count++) excess -= data[count]?.length ?? 0;
        return offset + count;
      });
      trimAt = window.length + keptLength;
    },
  };
}
