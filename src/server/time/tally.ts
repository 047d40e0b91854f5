import { createDeferred, type Deferred } from './deferred';

/** Counts what is under way. */
export interface Tally {
  add(): void;
  remove(): void;
  /** Resolves once nothing is under way. */
  empty(): Promise<void>;
}

export function createTally(): Tally {
  let count = 0;
  // Set while somebody waits.
  let emptied: Deferred | undefined;
  return {
    add() {
      count++;
    },
    remove() {
      count--;
      if (count > 0) return;
      emptied?.resolve();
      emptied = undefined;
    },
    async empty() {
      if (count === 0) return;
      emptied ??= createDeferred();
      await emptied.promise;
    },
  };
}
