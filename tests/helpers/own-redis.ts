import { afterAll, beforeAll } from 'vitest';
import { connectAdmin, type RedisAdmin } from './redis-admin';
import { type RedisServer, startRedis } from './redis-server';

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
