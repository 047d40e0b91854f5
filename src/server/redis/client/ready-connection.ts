import { createDeferred } from '../../time/deferred';
import { patiently } from '../../time/patient-timer';
import type {
  OpenRedisConnection,
  RedisConnection,
  RedisConnectionEvents,
} from './redis-connection';
import { createClosedError, createStorageError } from './storage-error';

/** A connection that is made at the first use, and again when it hangs. */
export interface ReadyConnection {
  /**
   * Resolves with the connection once commands can be sent on it.
   *
   * @throws TaskError `context-unavailable` when that takes too long.
   */
  get(): Promise<RedisConnection>;
  /** Whether the present connection keeps commands in their order; `false` before there is one. */
  keepsOrder(): boolean;
  /** Replaces the connection, unless it has done something after `since`, by `performance.now()`. */
  replace(since: number): void;
  close(): void;
}

/** How long a call waits for a connection that is being made, in milliseconds. */
const connectWaitMs = 1_000;

export function createReadyConnection({
  findOpen,
  timeoutMs,
}: {
  findOpen: () => Promise<OpenRedisConnection>;
  /** How long the first connection may take, and how long one may hang, in milliseconds. */
  timeoutMs: number;
}): ReadyConnection {
  let isClosed = false;
  // Set at the first use, because modules are loaded at build time, too, without any Redis.
  let open: OpenRedisConnection | undefined;
  let connection: RedisConnection | undefined;
  // When the connection last did something, by `performance.now()`.
  let movedAt = 0;
  let wasReady = false;
  // Why there is no connection, for the next command's error.
  let problem: unknown;
  // Settled once the connection is ready, and then replaced for the next time.
  let becameReady = createDeferred();

  const events: RedisConnectionEvents = {
    onReady() {
      movedAt = performance.now();
      wasReady = true;
      problem = undefined;
      becameReady.resolve();
      becameReady = createDeferred();
    },
    onError(error) {
      movedAt = performance.now();
      problem = error;
    },
    onMessage() {},
  };

  /** Opens the first connection, or one in place of another. */
  const start = () => {
    movedAt = performance.now();
    connection?.close();
    connection = open?.(events);
  };

  /**
   * Resolves when the connection is ready, or has taken too long. The first connection gets the whole
   * `timeoutMs`, unless something is wrong with it.
   */
  const readiness = async () => {
    for (let leftMs = timeoutMs; leftMs > 0; leftMs -= connectWaitMs) {
      await patiently(Math.min(connectWaitMs, leftMs), becameReady.promise);
      if (connection?.isReady || wasReady || problem !== undefined || isClosed) return;
    }
  };

  const replace = (since: number) => {
    if (!isClosed && movedAt < since) start();
  };

  return {
    replace,
    keepsOrder: () => connection?.keepsOrder === true,

    async get() {
      open ??= await findOpen();
      if (isClosed) throw createClosedError();
      if (!connection) start();
      if (!connection?.isReady) await readiness();
      if (isClosed) throw createClosedError();
      if (connection?.isReady) return connection;
      // A connection that hangs before it is ready does not fail by itself.
      replace(performance.now() - timeoutMs);
      throw createStorageError(problem ?? new Error('there is no connection'));
    },

    close() {
      isClosed = true;
      becameReady.resolve();
      connection?.close();
    },
  };
}
