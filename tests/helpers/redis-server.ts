import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inject } from 'vitest';
import { requireProgram } from '../../scripts/find-program.mjs';
import { startRedisServer } from '../../scripts/start-redis.mjs';
import { pauseProcess } from './pause-process';

declare module 'vitest' {
  interface ProvidedContext {
    /** A database that all tests of a run share. */
    redisUrl: string;
  }
}

/** A real server that belongs to one test or file. It ends with the test process at the latest. */
export interface RedisServer {
  readonly url: string;
  readonly port: number;
  /** Pid of the process that runs now, or ran last. */
  readonly pid: number;
  /** SIGSTOP: connections stay, answers do not come. */
  pause(): Promise<void>;
  /** SIGCONT: the server goes on, and answers what was asked meanwhile. */
  resume(): void;
  /** SIGKILL; resolves once the server is gone. */
  kill(): Promise<void>;
  /**
   * Kills the server if it runs, and starts it again on the same port. `keepData` is for persistent
   * servers only, and their default.
   */
  restart(options?: { keepData?: boolean }): Promise<void>;
  /** Ends the server for good, and removes its files. Idempotent. */
  stop(): Promise<void>;
}

export interface RedisServerOptions {
  /** Default: a free port. */
  port?: number;
  /** Every write is on disk before it is answered. Default: nothing is kept. */
  persistent?: boolean;
  /** More arguments for the server, such as `['--maxmemory', '10mb']`. */
  args?: readonly string[];
}

/** Starts a private server on this machine; resolves once it answers. */
export async function startRedis({
  port,
  persistent = false,
  args = [],
}: RedisServerOptions = {}): Promise<RedisServer> {
  const command = requireProgram('redis');
  const persistence = persistent ? ['--appendonly', 'yes', '--appendfsync', 'always'] : [];
  let directory = await createDirectory();
  const start = (wantedPort?: number) =>
    startRedisServer({ command, port: wantedPort, directory, args: [...persistence, ...args] });
  let server = await start(port).catch(async (error) => {
    await rm(directory, { recursive: true });
    throw error;
  });

  return {
    url: server.url,
    port: server.port,
    get pid() {
      return server.pid;
    },
    pause: () => pauseProcess(server.pid),
    resume: () => server.signal('SIGCONT'),
    kill: () => server.stop(),
    async restart({ keepData = persistent } = {}) {
      if (keepData && !persistent) {
        throw new Error('Only a server started with `persistent: true` has data to keep.');
      }
      await server.stop();
      if (!keepData) {
        await rm(directory, { recursive: true });
        directory = await createDirectory();
      }
      server = await start(server.port);
    },
    async stop() {
      await server.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** The address of a database for tests that need no server of their own; keys have to be unique. */
export function sharedRedisUrl(): string {
  const url: string | undefined = inject('redisUrl');
  if (url) return url;
  throw new Error('Only tests of the project `redis` share a database: they are in tests/redis.');
}

function createDirectory(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'ai-task-stream-redis-'));
}
