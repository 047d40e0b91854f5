import type { RedisWord } from './word-encoder';

/** A client of ours, of whichever package. */
export interface OpenedClient {
  /** Whether commands can be sent now. */
  readonly isReady: boolean;
  /**
   * Sends a command at once, or rejects. `key` routes it within a cluster. Nothing is sent again
   * on its own, or it may be: whoever sends must stand both.
   */
  send(key: string, words: RedisWord[]): Promise<unknown>;
  subscribe(channel: string): Promise<void>;
  unsubscribe(channel: string): Promise<void>;
  /** Idempotent. Nothing is told any more. */
  close(): void;
}

/** A connection of ours: for commands, or for subscriptions. */
export interface RedisConnection extends OpenedClient {
  /** Gives up a client that does not answer for a new one, which has no subscriptions. */
  reset(): void;
}

export interface RedisConnectionEvents {
  /** Connected, for the first time or again; what is subscribed may have missed messages. */
  onReady: () => void;
  /** Out of connection, or a sign of trouble. */
  onError: (error: unknown) => void;
  onMessage: (channel: string, message: string) => void;
}

/** Opens connections like the one of a client that we were given, and leaves that one alone. */
export interface RedisConnector {
  /** What the client puts before its keys. */
  readonly keyPrefix: string;
  /** Whether a connection subscribes again by itself once it is back. */
  readonly resubscribes: boolean;
  open(events: RedisConnectionEvents): RedisConnection;
}

/** A connection over one client at a time. */
export function createConnection(open: () => OpenedClient): RedisConnection {
  let client = open();
  let isClosed = false;

  return {
    get isReady() {
      return client.isReady;
    },
    send: (key, words) => client.send(key, words),
    subscribe: (channel) => client.subscribe(channel),
    unsubscribe: (channel) => client.unsubscribe(channel),
    reset() {
      if (isClosed) return;
      client.close();
      client = open();
    },
    close() {
      isClosed = true;
      client.close();
    },
  };
}

/** How long to wait before the next attempt to connect, in milliseconds. */
export function reconnectDelay(attempt: number): number {
  return Math.min(50 * 2 ** Math.min(attempt, 10), 500) * (0.75 + Math.random() / 4);
}
