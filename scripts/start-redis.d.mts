/** A Redis server that belongs to this process. */
export interface RedisServerProcess {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** Resolves once the process is gone, and its own folder with it. */
  readonly ended: Promise<void>;
  /** Does nothing once the process has ended. */
  signal(name: 'SIGSTOP' | 'SIGCONT' | 'SIGTERM' | 'SIGKILL'): void;
  /** Kills it and waits until it is gone. Idempotent. */
  stop(): Promise<void>;
}

/**
 * Starts a private Redis server, which listens on this machine only and keeps nothing, and waits
 * until it answers. It does not outlive this process.
 *
 * @throws when the server ends before that; the message holds what it said.
 */
export function startRedisServer(options: {
  /** Path of redis-server or valkey-server. */
  command: string;
  /** Default: a free one. */
  port?: number;
  /**
   * Where it keeps its files; removed if this process dies before it. Default: a temporary folder
   * that is removed with it.
   */
  directory?: string;
  /** More of its configuration, such as `['--maxmemory', '10mb']`. */
  args?: readonly string[];
}): Promise<RedisServerProcess>;
