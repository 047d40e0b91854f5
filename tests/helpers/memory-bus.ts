import type { Publisher, Subscriber } from 'resumable-stream/generic';

/** What a publisher is asked to do. */
type BusCommand = 'publish' | 'set' | 'get' | 'incr' | 'subscribe' | 'unsubscribe';

/** A database that all instances of a test share, in this process. */
export interface MemoryBus {
  /** The clients of one instance. */
  createClients(): { publisher: Publisher; subscriber: Subscriber };
  readonly values: Map<string, string>;
  /** How many channels somebody listens to. */
  readonly channelCount: () => number;
  /** All messages so far, as they were published. */
  readonly published: { channel: string; message: string }[];
  /**
   * Called before each command. The command waits for the returned promise, and fails with what this
   * throws. Default: does nothing.
   */
  onCommand: (command: BusCommand, key: string) => Promise<void> | void;
  /** Decides what is delivered for a published message, and when. Default: the message, at once. */
  deliver: (message: string, deliver: (message: string) => void, channel: string) => void;
}

type Listener = (message: string) => void;

/** Stands in for Redis below `resumable-stream/generic`: published messages arrive in order. */
export function createMemoryBus(): MemoryBus {
  const values = new Map<string, string>();
  const channels = new Map<string, Set<Listener>>();
  const published: MemoryBus['published'] = [];

  const bus: MemoryBus = {
    values,
    published,
    channelCount: () => channels.size,
    onCommand: () => {},
    deliver: (message, deliver) => deliver(message),
    createClients() {
      const own = new Map<string, Listener>();
      const send = (channel: string, message: string) => {
        for (const listener of channels.get(channel) ?? []) listener(message);
      };
      return {
        publisher: {
          connect: async () => {},
          async publish(channel, message) {
            await bus.onCommand('publish', channel);
            published.push({ channel, message });
            bus.deliver(message, (text) => send(channel, text), channel);
            return channels.get(channel)?.size ?? 0;
          },
          async set(key, value) {
            await bus.onCommand('set', key);
            values.set(key, value);
            return 'OK';
          },
          async get(key) {
            await bus.onCommand('get', key);
            return values.get(key) ?? null;
          },
          async incr(key) {
            await bus.onCommand('incr', key);
            const value = values.get(key) ?? '0';
            if (!/^\d+$/.test(value)) {
              throw new Error('ERR value is not an integer or out of range');
            }
            values.set(key, String(Number(value) + 1));
            return Number(value) + 1;
          },
        },
        subscriber: {
          connect: async () => {},
          async subscribe(channel, callback) {
            await bus.onCommand('subscribe', channel);
            // As with real clients, nobody awaits a callback's promise; its failure is dropped here.
            const listener: Listener = (message) => {
              Promise.resolve(callback(message) as unknown).catch(() => {});
            };
            own.set(channel, listener);
            const listeners = channels.get(channel) ?? new Set();
            channels.set(channel, listeners.add(listener));
          },
          async unsubscribe(channel) {
            await bus.onCommand('unsubscribe', channel);
            const listeners = channels.get(channel);
            const listener = own.get(channel);
            if (listener) listeners?.delete(listener);
            own.delete(channel);
            if (listeners?.size === 0) channels.delete(channel);
          },
        },
      };
    },
  };
  return bus;
}
