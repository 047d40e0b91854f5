import { TaskError } from '../../../protocol/task-error';
import { later } from '../../time/later';
import { startPatientTimer } from '../../time/patient-timer';
import type { RedisConnection, RedisConnector } from './redis-connection';
import { createClosedError, createStorageError, replyCode } from './storage-error';
import { createWordEncoder } from './word-encoder';

/** Sends commands on one connection, which it makes at the first. */
export interface RedisCommands {
  /**
   * Sends a command; again, if the answer got lost on the way. `key` routes it within a cluster.
   *
   * @throws TaskError `context-unavailable`; that Redis does not know a script, as Redis says it.
   */
  call(key: string, words: readonly string[]): Promise<unknown>;
  close(): void;
}

/** How long a call waits for a connection that is being made, in milliseconds. */
const connectWaitMs = 1_000;

export function createRedisCommands({
  connector,
  commandTimeoutMs,
  onAnswer,
  trouble,
}: {
  connector: () => Promise<RedisConnector>;
  commandTimeoutMs: number;
  /** Told of each answer: Redis is there. */
  onAnswer: () => void;
  /** Reports trouble, and gives the error for whoever asked. */
  trouble: (cause: unknown) => TaskError;
}): RedisCommands {
  let isClosed = false;
  // Made at the first use: modules are loaded at build time, too.
  let commands: RedisConnection | undefined;
  // By `performance.now()`: the last reply, and the last sign that the connection does something.
  let repliedAt = 0;
  let movedAt = 0;
  let wasReady = false;
  let whenReady = new Set<() => void>();
  // Why there is no connection: told to the next who needs one.
  let connectionError: unknown;
  const encoder = createWordEncoder();

  const commandConnection = async (): Promise<RedisConnection> => {
    const { open } = await connector();
    if (isClosed) throw createClosedError();
    if (commands) return commands;
    movedAt = performance.now();
    commands = open({
      onReady() {
        movedAt = performance.now();
        wasReady = true;
        connectionError = undefined;
        const waiting = whenReady;
        whenReady = new Set();
        for (const resolve of waiting) resolve();
      },
      onError(error) {
        movedAt = performance.now();
        connectionError = error;
      },
      onMessage() {},
    });
    return commands;
  };

  /**
   * Resolves when the connection is ready, or when it has taken too long: the first one has more
   * time, as long as nothing is wrong with it.
   */
  const readiness = (connection: RedisConnection) =>
    new Promise<void>((resolve) => {
      if (connection.isReady) return resolve();
      const since = performance.now();
      const done = () => {
        clearTimeout(timer);
        whenReady.delete(done);
        resolve();
      };
      const check = () => {
        const leftMs = since + commandTimeoutMs - performance.now();
        if (wasReady || connectionError !== undefined || leftMs <= 0) return done();
        timer = later(check, Math.min(connectWaitMs, leftMs));
      };
      let timer = later(check, Math.min(connectWaitMs, commandTimeoutMs));
      whenReady.add(done);
    });

  const reset = (connection: RedisConnection) => {
    movedAt = performance.now();
    connection.reset();
  };

  /** @throws TaskError when the command was not sent, or not answered in time. */
  const send = async (key: string, words: readonly string[]): Promise<unknown> => {
    const connection = await commandConnection();
    if (!connection.isReady) await readiness(connection);
    if (isClosed) throw createClosedError();
    if (!connection.isReady) {
      // It hangs on the way to being ready, and does not even fail.
      if (performance.now() - movedAt > commandTimeoutMs) reset(connection);
      throw createStorageError(connectionError ?? new Error('there is no connection'));
    }
    const { words: encoded, release } = encoder.encode(words);
    const sentAt = performance.now();
    let stopTimer = () => {};
    const timeout = new Promise<never>((_, reject) => {
      stopTimer = startPatientTimer(() => {
        // Before the connection is given up, at which what was sent fails as if it broke.
        reject(createStorageError(new Error(`it did not answer within ${commandTimeoutMs} ms`)));
        // The socket is still that one, and nothing has come from it since.
        if (repliedAt < sentAt && movedAt < sentAt) reset(connection);
      }, commandTimeoutMs);
    });
    try {
      const reply = await Promise.race([connection.send(key, encoded), timeout]);
      release();
      return reply;
    } finally {
      stopTimer();
    }
  };

  const call = async (key: string, words: readonly string[]): Promise<unknown> => {
    for (let isAgain = false; ; isAgain = true) {
      try {
        if (isClosed) throw createClosedError();
        const reply = await send(key, words);
        repliedAt = performance.now();
        onAnswer();
        return reply;
      } catch (cause) {
        const code = replyCode(cause);
        if (code !== undefined) repliedAt = performance.now();
        if (code === 'NOSCRIPT') throw cause;
        // The connection broke, and perhaps only the answer got lost.
        if (code === undefined && !TaskError.isInstance(cause) && !isAgain) continue;
        throw trouble(cause);
      }
    }
  };

  return {
    call,
    close() {
      isClosed = true;
      for (const resolve of [...whenReady]) resolve();
      commands?.close();
    },
  };
}
