import type { KeptAttempts } from '../scripts/stored-attempts';
import type { Checkpoint } from '../scripts/stored-task';

/** A checkpoint whose frame was added to the log. */
interface AddedCheckpoint extends Checkpoint {
  state: 'waiting' | 'stored' | 'dropped';
}

/** The checkpoints of the attempt that a producer writes. */
export interface Checkpoints {
  /** What the storage has for the next attempt, as far as is known here. */
  readonly kept: KeptAttempts;
  /** The last frame of this epoch that the next attempt keeps; `-Infinity` if it keeps none of them. */
  readonly startN: number;
  /** Takes note of a checkpoint whose frame was just added. */
  add(checkpoint: Checkpoint): Readonly<AddedCheckpoint>;
  /** The newest checkpoint that is yet to be stored with the frames up to `last`. */
  upTo(last: number): Checkpoint | undefined;
  /** To be called when the frames up to `last` are stored, with the checkpoints among them. */
  stored(last: number): void;
  /**
   * To be called when the next epoch begins because frames are missing behind frame `last` of this
   * one: checkpoints that wait are dropped. If the newest stored one is missing, too, it is stored
   * again, bound to the frame `n` of the next epoch.
   */
  beginEpoch(last: number, n: number): void;
  /** As `beginEpoch`, if the next epoch begins the log anew: that call stores all of `kept`. */
  beginAnew(n: number): void;
}

/** @param startN Where the attempt began: the last frame of its first epoch that the next one keeps. */
export function createCheckpoints(
  initial: KeptAttempts,
  startN: number = Number.NEGATIVE_INFINITY,
): Checkpoints {
  let kept = initial;
  let boundTo = startN;
  let waiting: AddedCheckpoint[] = [];

  const drop = () => {
    for (const checkpoint of waiting) checkpoint.state = 'dropped';
    waiting = [];
  };

  const add = (checkpoint: Checkpoint) => {
    const added: AddedCheckpoint = { ...checkpoint, state: 'waiting' };
    waiting.push(added);
    return added;
  };

  return {
    get kept() {
      return kept;
    },
    get startN() {
      return boundTo;
    },
    add,
    upTo: (last) => waiting.filter(({ n }) => n <= last).at(-1),
    stored(last) {
      for (const checkpoint of waiting) {
        if (checkpoint.n > last) break;
        checkpoint.state = 'stored';
        boundTo = checkpoint.n;
        const { start, bytes } = checkpoint;
        kept = { ...kept, start, bytes, tries: 1, freeHandOvers: 0, hasCheckpoint: true };
      }
      waiting = waiting.filter(({ state }) => state === 'waiting');
    },
    beginEpoch(last, n) {
      const isMissing = boundTo > last;
      drop();
      boundTo = Number.NEGATIVE_INFINITY;
      if (isMissing) add({ n, start: kept.start, bytes: kept.bytes });
    },
    beginAnew(n) {
      drop();
      boundTo = n;
    },
  };
}
