import {
  type RedisConnection,
  type RedisConnectionEvents,
  reconnectDelay,
} from './redis-connection';
import type { RedisWord } from './word-encoder';

/** What is used of a `Redis` or a `Cluster` of the `ioredis` package, versions 5 and 6. */
export interface IoRedis {
  readonly options: { keyPrefix?: string; redisOptions?: { keyPrefix?: string } };
  readonly isCluster?: boolean;
  readonly status: string;
  /** The socket of a `Redis`. */
  readonly stream?: { readonly writable?: boolean };
  duplicate(...args: unknown[]): IoRedis;
  on(event: string, listener: (...args: unknown[]) => void): unknown;
  connect(): Promise<unknown>;
  disconnect(reconnect?: boolean): void;
  call(...words: RedisWord[]): Promise<unknown>;
  subscribe(channel: string): Promise<unknown>;
  unsubscribe(channel: string): Promise<unknown>;
}

/** The prefix that a client puts before its keys. */
export function keyPrefixOf({ options: { keyPrefix, redisOptions } }: IoRedis): string {
  return keyPrefix || redisOptions?.keyPrefix || '';
}

export function openIoRedisConnection(
  given: IoRedis,
  { onReady, onError, onMessage }: RedisConnectionEvents,
): RedisConnection {
  const isCluster = given.isCluster === true;
  const common = {
    // Our own prefix contains the client's, because clients do not prefix channels.
    keyPrefix: '',
    lazyConnect: true,
    autoResubscribe: false,
    autoResendUnfulfilledCommands: false,
    enableAutoPipelining: false,
    stringNumbers: false,
  };
  const single = {
    ...common,
    enableOfflineQueue: false,
    // Commands that were sent fail as soon as the connection breaks.
    maxRetriesPerRequest: 0,
    retryStrategy: reconnectDelay,
  };
  const cluster = {
    keyPrefix: '',
    lazyConnect: true,
    clusterRetryStrategy: reconnectDelay,
    redisOptions: { ...given.options.redisOptions, ...common, lazyConnect: false },
  };

  const client = isCluster ? given.duplicate([], cluster) : given.duplicate(single);
  let isClosed = false;
  const tell = (error: unknown) => {
    if (!isClosed) onError(error);
  };
  let hasTold = false;
  client.on('error', (error) => {
    hasTold = true;
    tell(error);
  });
  client.on('ready', () => {
    if (!isClosed) onReady();
  });
  client.on('message', (channel, message) => {
    if (!isClosed) onMessage(String(channel), String(message));
  });
  client.connect().catch((error: unknown) => {
    // That the connection was closed says less than the error for which it was.
    if (!hasTold) tell(error);
  });

  return {
    get isReady() {
      // The socket is checked, too, because `status` changes a little later than the socket closes.
      return client.status === 'ready' && client.stream?.writable !== false;
    },
    keepsOrder: !isCluster,
    resubscribes: isCluster,
    send: (_key, words) => client.call(...words),
    subscribe: (channel) => client.subscribe(channel),
    unsubscribe: (channel) => client.unsubscribe(channel),
    close() {
      if (isClosed) return;
      isClosed = true;
      client.disconnect();
    },
  };
}
