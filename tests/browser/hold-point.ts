/** Lets the model write up to a point and no further, so that no test depends on speed. */
export interface HoldPoint {
  /** From now on the report is held when the given share of it, 0 to 1, is written. */
  holdAt(share: number): void;
  release(): void;
  /** To be awaited before each word. */
  beforeWord(word: { kind: 'outline' | 'report'; done: number }): Promise<void>;
}

export function createHoldPoint(): HoldPoint {
  let heldFrom = Number.POSITIVE_INFINITY;
  let waiting: (() => void)[] = [];
  return {
    holdAt(share) {
      heldFrom = share;
    },
    release() {
      heldFrom = Number.POSITIVE_INFINITY;
      for (const resume of waiting) resume();
      waiting = [];
    },
    async beforeWord({ kind, done }) {
      if (kind !== 'report' || done < heldFrom) return;
      await new Promise<void>((resolve) => waiting.push(resolve));
    },
  };
}
