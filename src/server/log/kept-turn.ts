import type { UIMessage } from 'ai';

/** What is kept with an outcome that is unsaved, for whoever has to tell the host of it. */
export interface KeptTurn {
  /** The message that the task continues. */
  readonly message?: UIMessage | undefined;
  /** The turn of a chat that the task is of, as a chat's route has taken it in: any JSON. */
  readonly turn?: unknown;
}

/**
 * What `open` of a stream context gets as `continued`; `undefined` when there is nothing to keep. Without
 * a turn it is the bare message, as processes expect that know of no turns.
 */
export function encodeKeptTurn({ message, turn }: KeptTurn): string | undefined {
  if (turn !== undefined) return JSON.stringify({ message, turn });
  return message && JSON.stringify(message);
}

/** Reads what was kept, once it is parsed. */
export function keptTurnOf(kept: unknown): KeptTurn {
  if (typeof kept !== 'object' || kept === null) return {};
  // Every message has parts, and what is kept beside a turn has none.
  return 'parts' in kept ? { message: kept as UIMessage } : (kept as KeptTurn);
}

/** Reads what was kept. */
export function decodeKeptTurn(continued: string | undefined): KeptTurn {
  return continued === undefined ? {} : keptTurnOf(JSON.parse(continued));
}
