// An instance of a server: opens, writes, follows and cancels tasks as it is told.
import { randomUUID } from 'node:crypto';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createRedisStreamContext, type RedisStreamContextOptions } from 'ai-task-stream/redis';
import {
  cancelTask,
  type OpenTaskOptions,
  resumeTask,
  streamTask,
  type TaskLog,
  type TaskStreamContext,
} from 'ai-task-stream/server';
import { createCluster } from 'redis';
import { tryTake } from '../../helpers/attempted-task';
import { type FollowOptions, followLog, type LogFollower } from '../../helpers/follow-log';
import { numberedChunk } from '../../helpers/numbered-log';

interface Connection {
  context: TaskStreamContext;
  logs: Map<string, TaskLog>;
  followers: Map<number, LogFollower>;
  stalled: ReadableStreamDefaultReader<Uint8Array>[];
  problems: string[];
}

interface ConnectOptions extends Omit<RedisStreamContextOptions, 'client' | 'onError'> {
  /** Addresses of a cluster, instead of a `url`. */
  cluster?: readonly string[];
}

export interface WriteOptions {
  /** The number of the first chunk. */
  start: number;
  /** One past the last. */
  end: number;
  padding?: number;
  /** How many at a time. Default: all. */
  perTurn?: number;
  /** Between those, in milliseconds. Default 0: a turn of the event loop. */
  pauseMs?: number;
}

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const connections: Connection[] = [];
let followerCount = 0;

function connectionOf(handle: number): Connection {
  const connection = connections[handle];
  if (!connection) throw new Error(`There is no connection ${handle}.`);
  return connection;
}

function logOf(handle: number, taskId: string): TaskLog {
  const log = connectionOf(handle).logs.get(taskId);
  if (!log) throw new Error(`${taskId} is not open here.`);
  return log;
}

function followerOf(handle: number, id: number): LogFollower {
  const follower = connectionOf(handle).followers.get(id);
  if (!follower) throw new Error(`There is no follower ${id}.`);
  return follower;
}

function nextTurn(ms = 0): Promise<void> {
  return new Promise((resolve) => (ms > 0 ? setTimeout(resolve, ms) : setImmediate(resolve)));
}

const methods = {
  async connect({ cluster, ...options }: ConnectOptions): Promise<number> {
    const problems: string[] = [];
    const client = cluster && createCluster({ rootNodes: cluster.map((url) => ({ url })) });
    const context = createRedisStreamContext({
      ...options,
      client,
      onError: (error) => problems.push(error.message),
    });
    const connection = { context, logs: new Map(), followers: new Map(), stalled: [], problems };
    return connections.push(connection) - 1;
  },

  async open(handle: number, taskId: string, options: Partial<OpenTaskOptions> = {}) {
    const { context, logs } = connectionOf(handle);
    const log = await context.open(taskId, {
      leaseMs: 2_000,
      token: randomUUID(),
      frames: [numberedChunk(0)],
      ...options,
    });
    if (log) logs.set(taskId, log);
    return log !== undefined;
  },

  /** Resolves once all chunks are stored. */
  async write(handle: number, taskId: string, options: WriteOptions): Promise<void> {
    const { start, end, padding, perTurn = Number.POSITIVE_INFINITY, pauseMs } = options;
    const log = logOf(handle, taskId);
    for (let n = start; n < end; ) {
      for (const stop = Math.min(end, n + perTurn); n < stop; n++) {
        log.append(numberedChunk(n, padding));
      }
      while (log.isBehind) await nextTurn(1);
      await nextTurn(pauseMs);
    }
    await log.flushed();
  },

  /** With one more chunk. */
  async settle(handle: number, taskId: string, n: number): Promise<boolean> {
    const log = logOf(handle, taskId);
    const frames = [numberedChunk(n)];
    const answer = await log.settle(frames, 'completed');
    return (answer === 'cancelled' ? await log.settle(frames, 'cancelled') : answer) === true;
  },

  /** Takes a task that waits; resolves with which of so many attempts to take it at once have worked. */
  async take(handle: number, taskId: string, contenders = 1): Promise<number[]> {
    const { context, logs } = connectionOf(handle);
    const taken = await Promise.all(
      Array.from({ length: contenders }, () => tryTake(context, taskId)),
    );
    return taken.flatMap((task, index) => {
      if (task) logs.set(taskId, task.log);
      return task ? [index] : [];
    });
  },

  async release(handle: number, taskId: string): Promise<void> {
    await logOf(handle, taskId).release();
  },

  /** Whether the task was asked to stop. */
  async isStopped(handle: number, taskId: string): Promise<boolean> {
    return logOf(handle, taskId).signal.aborted;
  },

  /** Resolves once the task is asked to stop: why. */
  async stopped(handle: number, taskId: string) {
    const { signal } = logOf(handle, taskId);
    if (!signal.aborted) {
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    }
    const { name, cause } = signal.reason as Error & { cause: { code: string; message: string } };
    return { name, code: cause.code, message: cause.message };
  },

  /** Runs a task that works until it is stopped; resolves with the text of its response. */
  async runUntilStopped(
    handle: number,
    options: { taskId: string; owner?: string; chatId?: string; heartbeatMs?: number },
  ): Promise<string> {
    const { context } = connectionOf(handle);
    const task = streamTask({
      ...options,
      streamContext: context,
      execute: ({ signal }) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason));
        }),
    });
    return (await task.toResponse()).text();
  },

  /** What `resumeTask` answers to one who has everything up to a cursor. */
  async resume(handle: number, options: { taskId?: string; chatId?: string; owner?: string }) {
    const { context } = connectionOf(handle);
    const response = await resumeTask({ ...options, streamContext: context }).toResponse();
    return { status: response.status, text: await response.text() };
  },

  async cancelTask(
    handle: number,
    options: { taskId?: string; chatId?: string; owner?: string; reason?: string },
  ): Promise<boolean> {
    return cancelTask({ ...options, streamContext: connectionOf(handle).context });
  },

  async activeTask(handle: number, chatId: string, owner?: string): Promise<string | undefined> {
    return connectionOf(handle).context.activeTask(chatId, { owner });
  },

  async inspect(handle: number, taskId: string) {
    return connectionOf(handle).context.inspect(taskId);
  },

  /** Begins to read; resolves once there is a reader. */
  async follow(handle: number, taskId: string, options?: FollowOptions): Promise<number> {
    const { context, followers } = connectionOf(handle);
    const follower = followLog(context, taskId, options);
    followerCount += 1;
    followers.set(followerCount, follower);
    const id = followerCount;
    await follower.attached;
    return id;
  },

  async reading(handle: number, follower: number) {
    return followerOf(handle, follower).reading();
  },

  /** Resolves once a follower has so many frames. */
  async received(handle: number, follower: number, count: number): Promise<void> {
    while (followerOf(handle, follower).reading().count < count) await nextTurn(2);
  },

  /** Resolves once a follower has read the log to its end. */
  async ended(handle: number, follower: number) {
    return followerOf(handle, follower).ended;
  },

  async leave(handle: number, follower: number): Promise<void> {
    followerOf(handle, follower).leave();
  },

  /** Asks for a response, takes its first bytes, and leaves the rest of it. */
  async stall(handle: number, taskId: string): Promise<void> {
    const { context, stalled } = connectionOf(handle);
    const response = await resumeTask({ taskId, streamContext: context }).toResponse();
    const reader = response.body!.getReader();
    await reader.read();
    stalled.push(reader);
  },

  /** Bytes in use, without garbage. */
  async memory(): Promise<number> {
    collectGarbage();
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  },

  /** What the context complained of. */
  async problems(handle: number): Promise<string[]> {
    return connectionOf(handle).problems;
  },

  async close(handle: number): Promise<void> {
    const { context, stalled } = connectionOf(handle);
    for (const reader of stalled) await reader.cancel();
    await context.close();
  },
};

export type InstanceMethods = typeof methods;

/** What is not defined comes as `null`. */
function orUndefined(value: unknown): unknown {
  return value ?? undefined;
}

process.on('message', async ({ id, method, args }) => {
  try {
    const call = methods[method as keyof InstanceMethods] as (...args: unknown[]) => unknown;
    process.send?.({ id, result: await call(...args.map(orUndefined)) });
  } catch (error) {
    process.send?.({ id, error: error instanceof Error ? error.stack : String(error) });
  }
});
