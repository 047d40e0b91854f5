import type { RedisWord } from './word-encoder';

/** A connection of ours, over a client of whichever package: for commands, or for subscriptions. */
export interface RedisConnection {
  /** Whether commands can be sent now. */
  readonly isReady: boolean;
  /** Whether it subscribes again by itself once it is back. */
  readonly resubscribes: boolean;
  /**
   * Sends a command at once, or rejects. `key` routes it within a cluster. Nothing is sent again
   * on its own, or it may be: whoever sends must stand both.
   */
  send(key: string, words: RedisWord[]): Promise<unknown>;
  subscribe(channel: string): Promise<unknown>;
  unsubscribe(channel: string): Promise<unknown>;
  /** Idempotent. Nothing is told any more. */
  close(): void;
}

export interface RedisConnectionEvents {
  /** Connected, for the first time or again; what is subscribed may have missed messages. */
  onReady: () => void;
  /** Out of connection, or a sign of trouble. */
  onError: (error: unknown) => void;
  onMessage: (channel: string, message: string) => void;
}

/** Opens a connection like the one of a client that we were given, and leaves that one alone. */
export type OpenRedisConnection = (events: RedisConnectionEvents) => RedisConnection;

/** How long to wait before the next attempt to connect, in milliseconds. */
export function reconnectDelay(attempt: number): number {
  return Math.min(50 * 2 ** Math.min(attempt, 10), 500) * (0.75 + Math.random() / 4);
}
