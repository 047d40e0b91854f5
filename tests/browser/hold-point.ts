/** Lets the model write up to a point and no further, so that no test depends on speed. */
export interface HoldPoint {
  /**
   * From now on the model is held when the given share, 0 to 1, of what it writes is written:
   * of a report, unless another kind of text is named.
   */
  holdAt(share: number, kind?: string): void;
  /** Resolves once it is held. */
  held(): Promise<void>;
  release(): void;
  /** To be awaited before each word. */
  beforeWord(word: { kind: string; done: number }): Promise<void>;
}

export function createHoldPoint(): HoldPoint {
  let heldFrom = Number.POSITIVE_INFINITY;
  let heldKind: string;
  let waiting: (() => void)[] = [];
  let watching: (() => void)[] = [];
  return {
    holdAt(share, kind = 'report') {
      heldFrom = share;
      heldKind = kind;
    },
    async held() {
      if (waiting.length > 0) return;
      await new Promise<void>((resolve) => watching.push(resolve));
    },
    release() {
      heldFrom = Number.POSITIVE_INFINITY;
      for (const resume of waiting) resume();
      waiting = [];
    },
    async beforeWord({ kind, done }) {
      if (kind !== heldKind || done < heldFrom) return;
      for (const tell of watching) tell();
      watching = [];
      await new Promise<void>((resolve) => waiting.push(resolve));
    },
  };
}
