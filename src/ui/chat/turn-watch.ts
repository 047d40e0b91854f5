/** Waits for turns that begin elsewhere, while it is wanted to. */
export interface TurnWatch {
  /** Begins to wait, unless that is under way or not wanted. */
  start(): void;
  end(): void;
}

export function createTurnWatch({
  isWanted,
  wait,
  onTurn,
}: {
  isWanted: () => boolean;
  /** Resolves with whether a turn has begun. */
  wait: (signal: AbortSignal) => Promise<boolean>;
  onTurn: () => void;
}): TurnWatch {
  let watching: AbortController | undefined;

  return {
    start() {
      if (watching || !isWanted()) return;
      const controller = new AbortController();
      watching = controller;
      wait(controller.signal)
        // What refuses to wait is asked again when somebody comes back to the page.
        .catch(() => false)
        .then((hasBegun) => {
          if (watching !== controller) return;
          watching = undefined;
          if (hasBegun) onTurn();
        });
    },
    end() {
      watching?.abort();
      watching = undefined;
    },
  };
}
