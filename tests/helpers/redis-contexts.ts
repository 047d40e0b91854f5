import { randomUUID } from 'node:crypto';
import type { UIMessageChunk } from 'ai';
import type { TaskError } from 'ai-task-stream';
import { createRedisStreamContext, type RedisStreamContextOptions } from 'ai-task-stream/redis';
import type { TaskStreamContext } from 'ai-task-stream/server';
import { Redis } from 'ioredis';
import { createClient } from 'redis';
import { expect } from 'vitest';
import { aiVersions } from './ai-versions';
import { aborted } from './async';

/** The client libraries, which differ in how they lose and find connections. */
const clientKinds = ['redis', 'ioredis'] as const;

type ClientKind = (typeof clientKinds)[number];

/** Plays a scenario with each client library, all at the same time. */
export async function withEachClient(scenario: (kind: ClientKind) => Promise<void>): Promise<void> {
  const ends = await Promise.allSettled(clientKinds.map(scenario));
  for (const [index, end] of ends.entries()) {
    if (end.status === 'fulfilled') continue;
    const { reason } = end;
    if (reason instanceof Error) reason.message = `${clientKinds[index]}: ${reason.message}`;
    throw reason;
  }
}

/** A client as a host has it, which has not connected yet. */
export function createHostClient(kind: ClientKind, url: string) {
  return kind === 'redis' ? createClient({ url }) : new Redis(url, { lazyConnect: true });
}

/** A context of its own connections, as one instance of a server has it. */
export interface RedisInstance {
  readonly context: TaskStreamContext;
  readonly keyPrefix: string;
  /** What `onError` was told. */
  readonly errors: TaskError[];
}

interface RedisInstanceOptions extends Omit<RedisStreamContextOptions, 'client' | 'url'> {
  url: string;
  kind?: ClientKind;
}

/** Instances that are closed together. */
interface RedisInstances {
  open(options: RedisInstanceOptions): RedisInstance;
  /**
   * Opens one that listens for cancels already. One that has just begun to listen looks after all its
   * tasks, at a time of its own.
   */
  openListening(options: RedisInstanceOptions): Promise<RedisInstance>;
  close(): Promise<void>;
}

export function createRedisInstances(): RedisInstances {
  let contexts: TaskStreamContext[] = [];

  const open = ({
    url,
    kind = 'redis',
    keyPrefix = `test-${randomUUID()}`,
    ...options
  }: RedisInstanceOptions): RedisInstance => {
    const errors: TaskError[] = [];
    const context = createRedisStreamContext({
      client: createHostClient(kind, url),
      keyPrefix,
      onError: (error) => errors.push(error),
      ...options,
    });
    contexts.push(context);
    return { context, keyPrefix, errors };
  };

  return {
    open,
    async openListening(options) {
      const instance = open(options);
      const { context, keyPrefix } = instance;
      const taskId = randomUUID();
      const log = await context.open(taskId, { leaseMs: 60_000, token: taskId, frames: ['{}'] });
      if (!log) throw new Error('The task exists already.');
      // Nothing but the channel tells it of a cancel elsewhere this soon.
      await open({ ...options, keyPrefix }).context.cancel(taskId);
      await aborted(log.signal);
      await log.settle([], 'cancelled');
      return instance;
    },
    async close() {
      await Promise.all(contexts.map((context) => context.close()));
      contexts = [];
    },
  };
}

/** What the gap frames among some chunks say of their cause. */
export function gapCausesIn(chunks: readonly UIMessageChunk[]): unknown[] {
  return chunks.flatMap((chunk) => {
    const { type, data } = chunk as { type: string; data?: { code?: string; details?: unknown } };
    const isGap = type === 'data-task-error' && data?.code === 'gap';
    return isGap ? [(data.details as { cause: unknown }).cause] : [];
  });
}

/** Texts of the message that each version of the AI SDK makes of the chunks, without an error. */
export async function expectAccepted(chunks: readonly UIMessageChunk[]): Promise<string[]> {
  const texts: string[][] = [];
  for (const { readMessage, validateChunk } of aiVersions) {
    for (const chunk of chunks) await validateChunk(chunk);
    const errors: unknown[] = [];
    // Copies, because the AI SDK makes parts of the chunks themselves, and changes those.
    const message = await readMessage(structuredClone(chunks), {
      onError: (error) => errors.push(error),
    });
    expect(errors).toEqual([]);
    texts.push(message?.parts.flatMap((part) => (part.type === 'text' ? part.text : [])) ?? []);
  }
  expect(texts[1]).toEqual(texts[0]);
  return texts[0] ?? [];
}
