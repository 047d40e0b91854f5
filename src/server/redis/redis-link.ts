import { TaskError } from '../../protocol/task-error';
import { hexDigest } from '../hex-digest';
import { later } from '../later';
import { nextTurn } from '../next-turn';
import type { RedisConnection, RedisConnector } from './redis-connection';
import type { RedisScript } from './redis-scripts';
import { createStorageError, replyCode } from './storage-error';
import { createWordEncoder } from './word-encoder';

/** Redis, as the context uses it: scripts, and messages on channels. */
export interface RedisLink {
  /**
   * Runs a script; again, if the answer got lost on the way. It may have run when this rejects.
   *
   * @throws TaskError `context-unavailable`.
   */
  run(script: RedisScript, keys: readonly string[], args: readonly string[]): Promise<unknown>;
  /** Runs a plain command, with the same promises. */
  command(words: string[], key: string): Promise<unknown>;
  /**
   * Listens to a channel from now on, and keeps trying to until it is left. The function that is
   * returned leaves it.
   */
  listen(channel: string, listener: ChannelListener): () => void;
  /** Reports trouble that a script has met, and gives its one error. */
  report(cause: unknown): TaskError;
  close(): void;
}

interface ChannelListener {
  onMessage: (message: string) => void;
  /** Subscribed, for the first time or again: messages may have been missed before. */
  onListening: () => void;
}

interface Channel {
  readonly listeners: Set<ChannelListener>;
  isSubscribed: boolean;
  /** The connection, by number, on which a subscription is being changed now. */
  changingOn: number | undefined;
  retryTimer: ReturnType<typeof setTimeout> | undefined;
}

/** How long a call waits for a connection that is being made, in milliseconds. */
const connectWaitMs = 1_000;

/** How long after a refusal a subscription is tried again, in milliseconds. */
const resubscribeMs = 1_000;

/** Trouble that has not come back for so long, in milliseconds, is over. */
const troubleMs = 10_000;

/** The kind of trouble in which Redis does not answer at all. */
const away = 'away';

export function createRedisLink({
  connect,
  commandTimeoutMs,
  report,
}: {
  connect: () => Promise<RedisConnector>;
  commandTimeoutMs: number;
  /** Told once per kind of trouble, until it is over. */
  report: (error: TaskError) => void;
}): RedisLink {
  let isClosed = false;
  let connecting: Promise<RedisConnector> | undefined;
  // Made at the first use: modules are loaded at build time, too.
  let commands: RedisConnection | undefined;
  let subscriber: RedisConnection | undefined;
  let resubscribes = false;
  // Counts the subscriber's connections.
  let subscriberNumber = 0;
  // By `performance.now()`: the last reply, and the last sign that the connection does something.
  let repliedAt = 0;
  let movedAt = 0;
  let wasReady = false;
  let whenReady = new Set<() => void>();
  // Why there is no connection: told to the next who needs one.
  let connectionError: unknown;
  // When each kind of trouble was met last, by `performance.now()`.
  const troubles = new Map<string, number>();
  // Since when the subscriber has been out of connection, if it has.
  let deafSince: number | undefined;
  const hashes = new Map<string, string>();
  const encoder = createWordEncoder();
  const channels = new Map<string, Channel>();

  const closedError = () =>
    new TaskError({
      code: 'context-unavailable',
      message: 'The stream context is closed. Make a new one.',
      retryable: true,
    });

  const trouble = (cause: unknown): TaskError => {
    const error = createStorageError(cause);
    if (isClosed) return error;
    const kind = replyCode(error.cause) ?? away;
    const now = performance.now();
    const metAt = troubles.get(kind);
    troubles.set(kind, now);
    if (metAt === undefined || now - metAt > troubleMs) report(error);
    return error;
  };

  const subscriberTrouble = (cause: unknown) => {
    const now = performance.now();
    deafSince ??= now;
    // Without wake-ups things are a little late. What keeps them away for long has to be told.
    if (replyCode(cause) !== undefined || now - deafSince > troubleMs) trouble(cause);
  };

  const connector = () => {
    if (!connecting) {
      connecting = connect();
      connecting.catch(() => {
        connecting = undefined;
      });
    }
    return connecting;
  };

  const commandConnection = async (): Promise<RedisConnection> => {
    const { open } = await connector();
    if (isClosed) throw closedError();
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
  const send = async (key: string, words: string[]): Promise<unknown> => {
    const connection = await commandConnection();
    if (!connection.isReady) await readiness(connection);
    if (isClosed) throw closedError();
    if (!connection.isReady) {
      // It hangs on the way to being ready, and does not even fail.
      if (performance.now() - movedAt > commandTimeoutMs) reset(connection);
      throw createStorageError(connectionError ?? new Error('there is no connection'));
    }
    const { words: encoded, release } = encoder.encode(words);
    const sentAt = performance.now();
    let isOver = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const timeout = new Promise<never>((_, reject) => {
      timer = later(async () => {
        // The answer may be there already, and only the event loop was busy.
        await nextTurn();
        await nextTurn();
        if (isOver) return;
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
      isOver = true;
      clearTimeout(timer);
    }
  };

  const call = async (key: string, words: string[]): Promise<unknown> => {
    for (let isAgain = false; ; isAgain = true) {
      try {
        if (isClosed) throw closedError();
        const reply = await send(key, words);
        repliedAt = performance.now();
        troubles.delete(away);
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

  const tellListeners = ({ listeners }: Channel) => {
    for (const { onListening } of [...listeners]) onListening();
  };

  /** Subscribes to a channel that somebody listens to, or leaves it. One change at a time. */
  const settleChannel = async (name: string): Promise<void> => {
    const channel = channels.get(name);
    const connection = subscriber;
    const number = subscriberNumber;
    if (!channel || channel.changingOn === number) return;
    const isWanted = () => channel.listeners.size > 0;
    const isCurrent = () => !isClosed && connection?.isReady && number === subscriberNumber;
    channel.changingOn = number;
    clearTimeout(channel.retryTimer);
    try {
      while (connection && isCurrent() && isWanted() !== channel.isSubscribed) {
        if (isWanted()) await connection.subscribe(name);
        else await connection.unsubscribe(name);
        if (!isCurrent()) return;
        channel.isSubscribed = !channel.isSubscribed;
        if (channel.isSubscribed) tellListeners(channel);
      }
    } catch (cause) {
      if (number !== subscriberNumber || isClosed) return;
      subscriberTrouble(cause);
      // Readers look at their tasks in every heartbeat meanwhile.
      channel.retryTimer = later(() => settleChannel(name), resubscribeMs);
    } finally {
      if (channel.changingOn === number) channel.changingOn = undefined;
    }
    if (!isWanted() && !channel.isSubscribed) {
      clearTimeout(channel.retryTimer);
      channels.delete(name);
    }
  };

  const openSubscriber = async () => {
    try {
      const { open, resubscribes: does } = await connector();
      if (isClosed || subscriber) return;
      resubscribes = does;
      subscriber = open({
        onReady() {
          deafSince = undefined;
          subscriberNumber++;
          for (const [name, channel] of channels) {
            // What the client has subscribed to again by itself may have missed something.
            channel.isSubscribed &&= resubscribes;
            if (channel.isSubscribed) tellListeners(channel);
            void settleChannel(name);
          }
        },
        onError: subscriberTrouble,
        onMessage(name, message) {
          for (const { onMessage } of channels.get(name)?.listeners ?? []) onMessage(message);
        },
      });
    } catch (cause) {
      trouble(cause);
    }
  };

  return {
    async run(script, keys, args) {
      let hash = hashes.get(script.name);
      if (!hash) {
        hash = await hexDigest('SHA-1', script.source);
        hashes.set(script.name, hash);
      }
      const key = keys[0] ?? '';
      const rest = [String(keys.length), ...keys, ...args];
      try {
        return await call(key, ['EVALSHA', hash, ...rest]);
      } catch (error) {
        if (TaskError.isInstance(error)) throw error;
        return call(key, ['EVAL', script.source, ...rest]);
      }
    },

    command: (words, key) => call(key, words),

    listen(name, listener) {
      const channel: Channel = channels.get(name) ?? {
        listeners: new Set(),
        isSubscribed: false,
        changingOn: undefined,
        retryTimer: undefined,
      };
      channels.set(name, channel);
      const { listeners } = channel;
      listeners.add(listener);
      if (!subscriber) void openSubscriber();
      else if (!channel.isSubscribed) void settleChannel(name);
      else {
        queueMicrotask(() => {
          if (listeners.has(listener)) listener.onListening();
        });
      }
      return () => {
        listeners.delete(listener);
        if (listeners.size === 0) void settleChannel(name);
      };
    },

    report: trouble,

    close() {
      if (isClosed) return;
      isClosed = true;
      for (const resolve of [...whenReady]) resolve();
      for (const { retryTimer } of channels.values()) clearTimeout(retryTimer);
      commands?.close();
      subscriber?.close();
    },
  };
}
