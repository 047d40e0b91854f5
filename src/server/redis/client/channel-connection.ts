import { later } from '../../time/later';
import type { OpenRedisConnection, RedisConnection } from './redis-connection';
import { replyCode } from './storage-error';

/** Listens to channels on one connection, which is made when the first channel is listened to. */
export interface ChannelConnection {
  /**
   * Listens to a channel, and keeps trying until it is left. The returned function leaves the channel.
   */
  listen(channel: string, listener: ChannelListener): () => void;
  close(): void;
}

export interface ChannelListener {
  onMessage: (message: string) => void;
  /** Called when subscribed, for the first time or again: messages may have been missed before. */
  onListening: () => void;
}

interface Channel {
  readonly listeners: Set<ChannelListener>;
  isSubscribed: boolean;
  /** The number of the connection on which the subscription is being changed now. */
  changingOn: number | undefined;
  retryTimer: ReturnType<typeof setTimeout> | undefined;
}

/** How long after a refusal a subscription is tried again, in milliseconds. */
const resubscribeMs = 1_000;

/** After how many milliseconds a broken connection is reported. */
const deafMs = 10_000;

export function createChannelConnection({
  findOpen,
  trouble,
}: {
  findOpen: () => Promise<OpenRedisConnection>;
  /** Reports trouble. */
  trouble: (cause: unknown) => void;
}): ChannelConnection {
  let isClosed = false;
  // Made at the first use, because modules are loaded at build time, too, without any Redis.
  let connection: RedisConnection | undefined;
  // How often the connection was made.
  let connectionNumber = 0;
  // Since when the connection has been broken, if it is.
  let deafSince: number | undefined;
  const channels = new Map<string, Channel>();

  const connectionTrouble = (cause: unknown) => {
    const now = performance.now();
    deafSince ??= now;
    // Without wake-ups readers are only a little late, so a short break is not reported.
    if (replyCode(cause) !== undefined || now - deafSince > deafMs) trouble(cause);
  };

  const tellListeners = ({ listeners }: Channel) => {
    for (const { onListening } of [...listeners]) onListening();
  };

  /** Subscribes to a channel that somebody listens to, or leaves it. One change at a time. */
  const settleChannel = async (name: string): Promise<void> => {
    const channel = channels.get(name);
    const number = connectionNumber;
    if (!channel || channel.changingOn === number) return;
    const isWanted = () => channel.listeners.size > 0;
    const isCurrent = () => !isClosed && connection?.isReady && number === connectionNumber;
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
      if (number !== connectionNumber || isClosed) return;
      connectionTrouble(cause);
      // Meanwhile readers look at their tasks in every heartbeat interval.
      channel.retryTimer = later(() => settleChannel(name), resubscribeMs);
    } finally {
      if (channel.changingOn === number) channel.changingOn = undefined;
    }
    if (!isWanted() && !channel.isSubscribed) {
      clearTimeout(channel.retryTimer);
      channels.delete(name);
    }
  };

  const open = async () => {
    try {
      const openConnection = await findOpen();
      if (isClosed || connection) return;
      connection = openConnection({
        onReady() {
          deafSince = undefined;
          connectionNumber++;
          for (const [name, channel] of channels) {
            // A client that has subscribed again by itself may have missed messages.
            channel.isSubscribed &&= connection?.resubscribes === true;
            if (channel.isSubscribed) tellListeners(channel);
            void settleChannel(name);
          }
        },
        onError: connectionTrouble,
        onMessage(name, message) {
          for (const { onMessage } of channels.get(name)?.listeners ?? []) onMessage(message);
        },
      });
    } catch (cause) {
      trouble(cause);
    }
  };

  return {
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
      if (!connection) void open();
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

    close() {
      isClosed = true;
      for (const { retryTimer } of channels.values()) clearTimeout(retryTimer);
      connection?.close();
    },
  };
}
