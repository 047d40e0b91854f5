// The frames of a log over all attempts, and which of them are void.
import type { Chunk } from './told';

/** A place in a log, whose epochs are counted from the first one. */
export interface Place {
  readonly epoch: number;
  readonly n: number;
}

/** A frame of the log. */
export interface ModelFrame extends Place {
  readonly chunk: Chunk;
  /** Whether the context makes it, so that its times and some of its words are the context's own. */
  readonly isMade: boolean;
}

function isBefore(one: Place, other: Place): boolean {
  return one.epoch < other.epoch || (one.epoch === other.epoch && one.n < other.n);
}

export function createModelLog() {
  const frames: ModelFrame[] = [];
  // Frames from `from` on, of epochs before `until`, are void.
  const voids: { from: Place; until: number }[] = [];
  let epoch = 0;

  const isVoid = (place: Place) =>
    voids.some(({ from, until }) => !isBefore(place, from) && place.epoch < until);

  const end = (): Place => {
    const newest = frames.at(-1);
    return { epoch: newest?.epoch ?? 0, n: newest?.n ?? -1 };
  };

  return {
    frames: frames as readonly ModelFrame[],
    isVoid,
    /** The last frame. */
    end,
    /** What a reader gets that has come to a place, or to none yet. */
    after(place: Place | undefined): readonly ModelFrame[] {
      return frames.filter((frame) => !isVoid(frame) && (!place || isBefore(place, frame)));
    },
    beginEpoch() {
      epoch++;
    },
    /** Begins an epoch, before which all is void that comes after a place. */
    rewind(stays: Place) {
      epoch++;
      voids.push({ from: { epoch: stays.epoch, n: stays.n + 1 }, until: epoch });
    },
    add(chunks: readonly Chunk[], isMade: boolean) {
      const first = end().epoch === epoch ? end().n + 1 : 0;
      chunks.forEach((chunk, index) => {
        frames.push({ epoch, n: first + index, chunk, isMade });
      });
    },
  };
}
