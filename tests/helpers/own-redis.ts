import { afterAll, afterEach, beforeAll } from 'vitest';
import { connectAdmin, type RedisAdmin } from './redis-admin';
import { createRedisInstances } from './redis-contexts';
import { type RedisServer, type RedisServerOptions, startRedis } from './redis-server';

/** A Redis server for the tests of one file, and a connection to look at the server. */
interface OwnRedis {
  readonly server: RedisServer;
  readonly admin: RedisAdmin;
}

/** Starts a Redis server before the tests of the file, and ends it after them. */
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
  let admins: RedisAdmin[] = [];

  afterEach(async () => {
    // Paused servers go on first: connections to them could not be closed otherwise.
    for (const server of servers) server.resume();
    await instances.close();
    for (const admin of admins) admin.close();
    await Promise.all(servers.map((server) => server.stop()));
    servers = [];
    admins = [];
  });

  const startServer = async (options?: RedisServerOptions): Promise<RedisServer> => {
    const server = await startRedis(options);
    servers.push(server);
    return server;
  };

  return {
    /** Contexts, which are closed before their servers stop. */
    instances,
    startServer,
    /** Starts a server, and a connection to look at it. */
    async startWithAdmin(options?: RedisServerOptions) {
      const { url } = await startServer(options);
      const admin = await connectAdmin(url);
      admins.push(admin);
      return { url, admin };
    },
  };
}
