import { inNextTurn } from '../../time/next-turn';
import {
  type RedisConnection,
  type RedisConnectionEvents,
  reconnectDelay,
} from './redis-connection';

/** What is used of a client or a cluster of the `redis` package, versions 4 to 6. */
export interface NodeRedis {
  readonly options?: { socket?: object };
  readonly isOpen: boolean;
  readonly isReady?: boolean;
  duplicate(overrides?: object): NodeRedis;
  on(event: string, listener: (...args: unknown[]) => void): unknown;
  connect(): Promise<unknown>;
  disconnect(): Promise<unknown>;
  sendCommand(...args: unknown[]): Promise<unknown>;
  subscribe(channel: string, listener: (message: string) => void): Promise<unknown>;
  unsubscribe(channel: string): Promise<unknown>;
}

export function openNodeRedisConnection(
  given: NodeRedis,
  isCluster: boolean,
  { onReady, onError, onMessage }: RedisConnectionEvents,
): RedisConnection {
  let isClosed = false;
  // A client that is closed while it connects would leave its socket open.
  let isConnecting = true;
  // A cluster makes a connection for its first subscription, and would leave it open if closed then.
  let subscribing = 0;
  const canDisconnect = () => !isConnecting && (!isCluster || subscribing === 0);
  let attempt = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  // Replies have to be text, and timeouts are our own, whatever the given client was set to.
  const common = { commandOptions: { timeout: undefined } };
  const single = {
    ...common,
    disableOfflineQueue: true,
    socket: {
      writableHighWaterMark,
      ...given.options?.socket,
      reconnectStrategy: (retries: number) => (isClosed ? false : reconnectDelay(retries)),
    },
  };
  const client = given.duplicate(isCluster ? common : single);

  const disconnect = () => {
    if (client.isOpen) client.disconnect().catch(ignoreClosed);
  };
  const tell = (error: unknown) => {
    if (!isClosed) onError(error);
  };
  // Connects again when the client gives up by itself, as a cluster does.
  const connect = () => {
    isConnecting = true;
    client.connect().then(
      () => {
        isConnecting = false;
        attempt = 0;
        if (isClosed) disconnect();
        else if (isCluster) onReady();
      },
      (error: unknown) => {
        isConnecting = false;
        tell(error);
        if (isClosed || client.isOpen) return;
        timer = setTimeout(connect, reconnectDelay(attempt++));
      },
    );
  };
  client.on('error', tell);
  if (!isCluster) {
    client.on('error', () => {
      isConnecting = false;
    });
    client.on('reconnecting', () => {
      isConnecting = true;
    });
    client.on('connect', () => {
      isConnecting = false;
      // In this turn `redis` 4 begins to greet Redis, and would leave rejections that nobody handles.
      if (isClosed) inNextTurn(disconnect);
    });
    client.on('ready', () => {
      if (!isClosed) onReady();
    });
  }
  connect();

  return {
    get isReady() {
      return client.isReady ?? (client.isOpen && !isConnecting);
    },
    keepsOrder: !isCluster,
    resubscribes: true,
    send: (key, words) =>
      isCluster ? client.sendCommand(key, false, words) : client.sendCommand(words),
    async subscribe(channel) {
      subscribing++;
      try {
        await client.subscribe(channel, (message) => {
          if (!isClosed) onMessage(channel, message);
        });
      } finally {
        subscribing--;
        if (isClosed && canDisconnect()) disconnect();
      }
    },
    unsubscribe: (channel) => client.unsubscribe(channel),
    close() {
      if (isClosed) return;
      isClosed = true;
      clearTimeout(timer);
      if (canDisconnect()) disconnect();
    },
  };
}

/**
 * How many bytes a socket takes before the client waits for the event loop's next turn. With Node's
 * default of 16 KiB, a busy process would send no more than that in a turn.
 */
const writableHighWaterMark = 4 * 1024 * 1024;

/** For `disconnect`, which rejects when the client has just closed by itself. */
function ignoreClosed(): void {}
