import { TaskError } from '../../../protocol/task-error';
import { type IoRedis, keyPrefixOf, openIoRedisConnection } from './ioredis-connection';
import { type NodeRedis, openNodeRedisConnection } from './node-redis-connection';
import type { OpenRedisConnection } from './redis-connection';

/**
 * A client of the `redis` package (4 to 6; `createClient` or `createCluster`) or of `ioredis` (5 or
 * 6; `Redis` or `Cluster`). The client is duplicated, and neither used nor closed itself.
 */
export interface RedisClient {
  duplicate(...args: never[]): unknown;
  on(...args: never[]): unknown;
}

function invalidOptions(message: string): TaskError {
  return new TaskError({ code: 'invalid-options', message });
}

/** The one place that takes the types of clients on trust: this package depends on neither of theirs. */
function accessBy(client: RedisClient): { keyPrefix: string; open: OpenRedisConnection } {
  const has = (name: string) => typeof client === 'object' && name in client;
  if (has('defineCommand') && has('call')) {
    const ioRedis = client as unknown as IoRedis;
    const open: OpenRedisConnection = (events) => openIoRedisConnection(ioRedis, events);
    return { keyPrefix: keyPrefixOf(ioRedis), open };
  }
  if (has('acquire') && has('getSentinelNode')) {
    throw invalidOptions(
      '`client` is a Sentinel client of the `redis` package, which sends commands in another way. ' +
        'Pass `new Redis({ sentinels, name })` of `ioredis`, which follows Sentinels, too.',
    );
  }
  if (has('execute') && !has('subscribe')) {
    throw invalidOptions(
      '`client` is a pool of the `redis` package, and connections of our own are needed. Pass what ' +
        '`createClient()` gave you.',
    );
  }
  if (has('sendCommand') && has('subscribe') && has('duplicate')) {
    const isCluster = has('masters') && has('nodeByAddress');
    const nodeRedis = client as unknown as NodeRedis;
    return {
      keyPrefix: '',
      open: (events) => openNodeRedisConnection(nodeRedis, isCluster, events),
    };
  }
  throw invalidOptions(
    '`client` is neither a client or cluster of the `redis` package nor one of `ioredis`. Pass ' +
      'what `createClient()`, `createCluster()`, `new Redis()` or `new Cluster()` gave you, or a `url`.',
  );
}

/** The address in `REDIS_URL`, or else in `KV_URL`. */
export function urlFromEnvironment(): string | undefined {
  const { process } = globalThis as { process?: { env?: Record<string, string | undefined> } };
  return process?.env?.REDIS_URL || process?.env?.KV_URL;
}

// The imports are within `try`, by which bundlers know that a package need not be installed.

async function loadNodeRedis(): Promise<typeof import('redis') | undefined> {
  try {
    return await import('redis');
  } catch {
    // Not installed.
    return undefined;
  }
}

async function loadIoRedis(): Promise<typeof import('ioredis') | undefined> {
  try {
    return await import('ioredis');
  } catch {
    // Not installed.
    return undefined;
  }
}

/** Makes a client for a URL, of the package that is installed; it is never connected itself. */
async function createClient(url: string): Promise<RedisClient> {
  const nodeRedis = await loadNodeRedis();
  if (nodeRedis) return nodeRedis.createClient({ url });
  const ioRedis = await loadIoRedis();
  if (ioRedis) return new ioRedis.Redis(url, { lazyConnect: true });
  throw invalidOptions('To connect to a `url`, install the package `redis` or `ioredis`.');
}

function checkUrl(url: string, name: string): string {
  if (/^rediss?:/.test(url) && URL.canParse(url)) return url;
  throw invalidOptions(`${name} has to be one that begins with \`redis://\` or \`rediss://\`.`);
}

/** @throws TaskError `invalid-options`. */
function resolveUrl(): string {
  const url = urlFromEnvironment();
  if (url) return checkUrl(url, 'The URL in REDIS_URL or KV_URL');
  throw invalidOptions(
    'There is no Redis to connect to: pass a `client` or a `url`, or set REDIS_URL or KV_URL.',
  );
}

/**
 * Checks the given client or address. Environment variables and packages are looked for only by
 * `findOpen`, because modules are loaded at build time, too, where there may be neither.
 *
 * @throws TaskError `invalid-options`; `findOpen` rejects with that when there is no address or no
 * package to connect with.
 */
export function resolveConnection({ client, url }: { client?: RedisClient; url?: string }): {
  /** The prefix that the client puts before its keys. */
  keyPrefix: string;
  /** Resolves with the function that opens connections. */
  findOpen: () => Promise<OpenRedisConnection>;
} {
  if (client) {
    const { keyPrefix, open } = accessBy(client);
    return { keyPrefix, findOpen: async () => open };
  }
  // An empty `url`, from an environment variable that is not set, counts as none.
  const given = url ? checkUrl(url, '`url`') : undefined;
  return {
    keyPrefix: '',
    findOpen: async () => accessBy(await createClient(given ?? resolveUrl())).open,
  };
}
