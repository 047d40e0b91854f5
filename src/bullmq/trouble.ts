/** Reports trouble with a connection: once for each message, until the connection is used again. */
export interface Trouble {
  report(error: unknown): void;
  /** To be called when something has worked. */
  over(): void;
}

/** BullMQ tells of a Redis that is away with each of its own tries to connect. */
export function createTrouble(onTrouble: (error: unknown) => void): Trouble {
  const told = new Set<string>();
  return {
    report(error) {
      const message = String(error);
      if (told.has(message)) return;
      told.add(message);
      onTrouble(error);
    },
    over() {
      told.clear();
    },
  };
}
