import {
  type ResumableStreamContext,
  streamTask,
  type TaskStreamContext,
} from 'ai-task-stream/server';
import { createResumableStreamContext } from 'resumable-stream/generic';
import { afterEach, beforeEach, vi } from 'vitest';
import { toTaskStreamContext } from '../../../src/server/to-task-stream-context';
import { receiveFrames } from '../../../src/testing/contract/reading';
import { createDeferred } from '../../helpers/async';
import { cursorAt, relative } from '../../helpers/cursors';
import { createMemoryBus, type MemoryBus } from '../../helpers/memory-bus';
import { createId } from '../../helpers/tasks';

export let bus: MemoryBus;
/** What their contexts hand to `waitUntil`. */
export let awaited: Promise<unknown>[];
/** Instances of a server that share a database: the one that runs tasks, and another one. */
export let here: ResumableStreamContext;
export let elsewhere: ResumableStreamContext;

export function createInstance(
  options: { doneWatchdogIntervalMs?: number } = {},
): ResumableStreamContext {
  return createResumableStreamContext({
    waitUntil: (promise) => awaited.push(promise),
    ...bus.createClients(),
    ...options,
  });
}

export const streamKey = (taskId: string) =>
  `resumable-stream:rs:sentinel:ai-task-stream:${taskId}`;

export function chunk(n: number | string): string {
  return JSON.stringify({ type: 'data-n', data: n });
}

/** Opens a log in the one instance, as a task does. */
export async function openLog(
  taskId: string,
  { context = here, leaseMs = 60_000, ...options } = {} as {
    context?: ResumableStreamContext;
    leaseMs?: number;
    owner?: string;
    graceMs?: number;
  },
) {
  const log = await toTaskStreamContext(context).open(taskId, {
    token: createId(),
    frames: [chunk(0)],
    leaseMs,
    ...options,
  });
  if (!log) throw new Error('The task exists already.');
  return log;
}

type Reader = NonNullable<Awaited<ReturnType<TaskStreamContext['read']>>>;

export async function openReader(
  context: ResumableStreamContext,
  taskId: string,
  options?: { cursor?: string; owner?: string },
): Promise<Reader> {
  const wrapped = toTaskStreamContext(context);
  const { owner, cursor: from } = options ?? {};
  const cursor = from === undefined ? undefined : await cursorAt(wrapped, taskId, from);
  const reader = await wrapped.read(taskId, { owner, cursor });
  if (!reader) throw new Error('There is no such task.');
  return reader;
}

/** What the reader gets until it has `count` chunks, or to the end. */
export async function receive(reader: Reader, count = Number.POSITIVE_INFINITY) {
  const received = await receiveFrames(reader, count);
  const cursors = relative(received.map(({ epoch, n }) => `${epoch}-${n}`));
  return received.map(({ data }, index) => ({ cursor: cursors[index] ?? '', data }));
}

export const numbered = (start: number, end: number) =>
  Array.from({ length: end - start }, (_, index) => ({
    cursor: `0-${start + index}`,
    data: chunk(start + index),
  }));

/** A task that goes on when the test says so. */
export function startGatedTask({
  streamContext = here,
  taskId = createId(),
  ...options
}: Partial<Parameters<typeof streamTask>[0]> = {}) {
  const gate = createDeferred<unknown>();
  const task = streamTask({
    taskId,
    streamContext,
    onError: () => {},
    execute: async ({ writer, task: reporter, signal }) => {
      writer.write({ type: 'text-start', id: 't' });
      writer.write({ type: 'text-delta', id: 't', delta: 'Grüße ' });
      reporter.log('one');
      const stopped = new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      });
      await Promise.race([gate.promise, stopped]);
      writer.write({ type: 'text-delta', id: 't', delta: '漢字 😀' });
      writer.write({ type: 'text-end', id: 't' });
      return { words: 2 };
    },
    ...options,
  });
  return { task, taskId, gate };
}

/** Gives each test of a file two instances of its own. */
export function setUpInstances(): void {
  beforeEach(() => {
    bus = createMemoryBus();
    awaited = [];
    here = createInstance();
    elsewhere = createInstance();
  });
  afterEach(() => {
    vi.useRealTimers();
  });
}
