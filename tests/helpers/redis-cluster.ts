import { createClient } from 'redis';
import { findFreePort } from '../../scripts/find-free-port.mjs';
import { until } from './async';
import { type RedisServer, type RedisServerOptions, startRedis } from './redis-server';

/** Three servers that share the slots. */
export interface RedisCluster {
  readonly nodes: readonly RedisServer[];
  /** One address of each node. */
  readonly urls: readonly string[];
  /** The node that holds a key. */
  nodeOf(key: string): RedisServer;
  stop(): Promise<void>;
}

const nodeCount = 3;
const slotCount = 16_384;

/** Starts a real cluster of three nodes without replicas; resolves once all of them call it ok. */
export async function startRedisCluster({
  persistent,
  args = [],
}: Omit<RedisServerOptions, 'port'> = {}): Promise<RedisCluster> {
  const nodes: RedisServer[] = [];
  const stop = async () => {
    await Promise.all(nodes.map((node) => node.stop()));
  };
  try {
    const busPorts: number[] = [];
    while (nodes.length < nodeCount) {
      const busPort = await findFreePort();
      const cluster = ['--cluster-enabled', 'yes', '--cluster-port', String(busPort)];
      nodes.push(await startRedis({ persistent, args: [...cluster, ...args] }));
      busPorts.push(busPort);
    }
    for (const [index, { url }] of nodes.entries()) {
      const slots = [firstSlotOf(index), firstSlotOf(index + 1) - 1].map(String);
      await send(url, 'CLUSTER', 'ADDSLOTSRANGE', ...slots);
      // Different epochs, because nodes with equal ones would first have to agree on an order.
      await send(url, 'CLUSTER', 'SET-CONFIG-EPOCH', String(index + 1));
    }
    const [first, ...others] = nodes;
    for (const [index, { port }] of others.entries()) {
      const address = ['127.0.0.1', String(port), String(busPorts[index + 1])];
      await send(first!.url, 'CLUSTER', 'MEET', ...address);
    }
    for (const { url } of nodes) {
      await until(async () => {
        const info = String(await send(url, 'CLUSTER', 'INFO'));
        return info.includes('cluster_state:ok') && info.includes(`cluster_size:${nodeCount}`);
      });
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    nodes,
    urls: nodes.map(({ url }) => url),
    nodeOf: (key) => nodes.filter((_, index) => firstSlotOf(index) <= slotOf(key)).at(-1)!,
    stop,
  };
}

function firstSlotOf(nodeIndex: number): number {
  return Math.ceil((nodeIndex * slotCount) / nodeCount);
}

/** https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/#hash-tag */
function slotOf(key: string): number {
  const hashed = /^[^{]*\{([^}]+)\}/.exec(key)?.[1] ?? key;
  let crc = 0;
  for (const byte of Buffer.from(hashed)) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) crc = (crc << 1) ^ (crc & 0x8000 ? 0x1021 : 0);
    crc &= 0xffff;
  }
  return crc % slotCount;
}

/** Sends one command over a connection of its own. */
async function send(url: string, ...command: string[]): Promise<unknown> {
  const client = createClient({ url });
  client.on('error', () => {
    // The command rejects with the same error.
  });
  await client.connect();
  try {
    return await client.sendCommand(command);
  } finally {
    client.destroy();
  }
}
