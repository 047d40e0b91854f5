import { atMost } from '../../time/at-most';
import { createDeferred } from '../../time/deferred';
import type {
  OpenRedisConnection,
  RedisConnection,
  RedisConnectionEvents,
} from './redis-connection';
import { createClosedError, createStorageError } from './storage-error';

/** A connection that is made at the first use, and again when it hangs. */
export interface ReadyConnection {
  /**
   * The connection, ready to send, which may take a moment.
   *
   * @throws TaskError `context-unavailable` when it takes too long.
   */
  get(): Promise<RedisConnection>;
  /** Gives it up for a new one, unless it has done something since, by `performance.now()`. */
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
  /** How long the first connection may take, and each to do something. */
  timeoutMs: number;
}): ReadyConnection {
  let isClosed = false;
  // Set at the first use: modules are loaded at build time, too.
  let open: OpenRedisConnection | undefined;
  let connection: RedisConnection | undefined;
  // The last sign that it does something, by `performance.now()`.
  let movedAt = 0;
  let wasReady = false;
  // Why there is none: told to the next who needs it.
  let problem: unknown;
  // Settled once it is ready; those who wait then wait for the next.
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
   * Resolves when the connection is ready, or when it has taken too long: the first one has more
   * time, as long as nothing is wrong with it.
   */
  const readiness = async () => {
    const giveUpAt = performance.now() + timeoutMs;
    let leftMs = timeoutMs;
    do {
      await atMost(Math.min(connectWaitMs, leftMs), becameReady.promise);
      leftMs = giveUpAt - performance.now();
    } while (!connection?.isReady && !wasReady && problem === undefined && leftMs > 0 && !isClosed);
  };

  const replace = (since: number) => {
    if (!isClosed && movedAt < since) start();
  };

  return {
    replace,

    async get() {
      open ??= await findOpen();
      if (isClosed) throw createClosedError();
      if (!connection) start();
      if (!connection?.isReady) await readiness();
      if (isClosed) throw createClosedError();
      if (connection?.isReady) return connection;
      // It hangs on the way to being ready, and does not even fail.
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
