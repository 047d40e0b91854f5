import type { RedisWord } from './word-encoder';

/** A connection for commands or for subscriptions, over a client of either package. */
export interface RedisConnection {
  /** Whether commands can be sent now. */
  readonly isReady: boolean;
  /** Whether Redis runs commands in the order in which they are sent, whichever keys they are about. */
  readonly keepsOrder: boolean;
  /** Whether the connection subscribes again by itself after a break. */
  readonly resubscribes: boolean;
  /**
   * Sends a command at once, or rejects. `key` routes the command in a cluster. The client may send a
   * command again by itself, or not: the caller has to cope with both.
   */
  send(key: string, words: RedisWord[]): Promise<unknown>;
  subscribe(channel: string): Promise<unknown>;
  unsubscribe(channel: string): Promise<unknown>;
  /** Closes the connection; no event is told any more. Idempotent. */
  close(): void;
}

export interface RedisConnectionEvents {
  /** Called when connected, for the first time or again: messages may have been missed before. */
  onReady: () => void;
  /** Called when the connection breaks, and at other errors. */
  onError: (error: unknown) => void;
  onMessage: (channel: string, message: string) => void;
}

/** Opens a connection like that of the client which the host has given, and never uses that client. */
export type OpenRedisConnection = (events: RedisConnectionEvents) => RedisConnection;

/** How long to wait before the next attempt to connect, in milliseconds. */
export function reconnectDelay(attempt: number): number {
  return Math.min(50 * 2 ** Math.min(attempt, 10), 500) * (0.75 + Math.random() / 4);
}
