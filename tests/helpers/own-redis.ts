import { afterAll, afterEach, beforeAll } from 'vitest';
import { connectAdmin, type RedisAdmin } from './redis-admin';
import { createRedisInstances } from './redis-contexts';
import { type RedisServer, type RedisServerOptions, startRedis } from './redis-server';

/** A server for the tests of one file, and a connection to look at it. */
interface OwnRedis {
  readonly server: RedisServer;
  readonly admin: RedisAdmin;
}

/** Starts it before the tests of the file, and ends it after them. */
export function setUpOwnRedis(): OwnRedis {
  let server: RedisServer;
  let admin: RedisAdmin;

  beforeAll(async () => {
    server = await startRedis();
    admin = await connectAdmin(server.url);
  });

  afterAll(async () => {
    admin.close();
    await server.stop();
  });

  return {
    get server() {
      return server;
    },
    get admin() {
      return admin;
    },
  };
}

/** For tests that stop, kill or fill servers of their own; each test begins without any. */
export function setUpOwnServers() {
  const instances = createRedisInstances();
  let servers: RedisServer[] = [];

  afterEach(async () => {
    // Those that are stopped could not say goodbye.
    for (const server of servers) server.resume();
    await instances.close();
    await Promise.all(servers.map((server) => server.stop()));
    servers = [];
  });

  return {
    /** Contexts, which end before their servers do. */
    instances,
    async startServer(options?: RedisServerOptions): Promise<RedisServer> {
      const server = await startRedis(options);
      servers.push(server);
      return server;
    },
  };
}
