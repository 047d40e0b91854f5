import type { LogSegment, LogWindow } from './log-window';

/** Keeps a window small whose frames are in a storage, too. */
export interface WindowTrimmer {
  /** Whether there are so many frames that it is worth to forget some. */
  readonly isDue: boolean;
  /**
   * When there are many, forgets frames before `stored` that no reader wants; when there are too
   * many, any that are stored, and then those that have waited longest to be.
   */
  trim(stored: number): void;
}

/** Frames that readers have had are kept up to this many characters, for those who come soon. */
const keptLength = 128 * 1024;

/** Frames that a reader has yet to take are kept up to this many; slower ones read the log. */
const maxLength = 1024 * 1024;

export function createWindowTrimmer(
  window: LogWindow,
  /** How many characters are kept for readers, beyond the usual, while they cannot be stored. */
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
