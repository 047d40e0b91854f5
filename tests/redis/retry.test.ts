// A task whose work fails and is attempted again, with a log in Redis.
import type { UIMessage } from 'ai';
import { TaskError } from 'ai-task-stream';
import { defineTask } from 'ai-task-stream/server';
import { afterEach, expect, it, vi } from 'vitest';
import { createRedisInstances, expectAccepted } from '../helpers/redis-contexts';
import { sharedRedisUrl } from '../helpers/redis-server';
import { createId, readLog } from '../helpers/tasks';

const instances = createRedisInstances();

afterEach(() => instances.close());

/** Writes three steps with a checkpoint behind each, and fails at the given places, once at each. */
async function run(failures: readonly string[]) {
  const { context, errors, keyPrefix } = instances.open({ url: sharedRedisUrl() });
  const left = new Set(failures);
  const saved: (UIMessage | undefined)[] = [];
  const failAt = (place: string) => {
    if (left.delete(place)) throw new TaskError({ message: place, retryable: true });
  };
  const definition = defineTask({
    name: 'write',
    retry: { backoffMs: 0, attempts: 5 },
    chat: () => ({ chatId: 'chat', messageId: 'answer' }),
    progressIntervalMs: 600_000,
    onError: () => {},
    onSettle: ({ message }) => {
      saved.push(message);
    },
    execute: async ({ task, writer }) => {
      for (let step = Number(task.lastCheckpoint ?? 0) + 1; step <= 3; step++) {
        writer.write({ type: 'start-step' });
        writer.write({ type: 'text-start', id: 't' });
        writer.write({ type: 'text-delta', id: 't', delta: `Step ${step}` });
        failAt(`in ${step}`);
        writer.write({ type: 'text-end', id: 't' });
        writer.write({ type: 'finish-step' });
        task.partial(step);
        expect(await task.checkpoint(step)).toBe(true);
        failAt(`after ${step}`);
      }
      return task.attempt;
    },
  });
  const taskId = createId();
  const task = definition.start(undefined, { streamContext: context, taskId });
  const attempts = await task.result;
  await vi.waitFor(() => expect(saved).toHaveLength(1), { timeout: 30_000 });
  // Another process reads what is stored.
  const other = instances.open({ url: sharedRedisUrl(), keyPrefix }).context;
  const chunks = (await readLog(other, taskId)).map((json) => JSON.parse(json));
  expect(errors).toEqual([]);
  return { attempts, saved, chunks };
}

const textsOf = (message?: UIMessage) =>
  message?.parts.flatMap((part) => (part.type === 'text' ? part.text : []));

it.each([
  [['in 1']],
  [['in 2', 'after 2']],
  [['after 3']],
  [['in 1', 'after 1', 'in 2', 'after 2', 'in 3', 'after 3']],
])(
  'goes on from its checkpoints in Redis after it has failed %j (R-ATTEMPT-6)',
  async (failures) => {
    const { attempts, saved, chunks } = await run(failures);
    expect(attempts).toBe(failures.length + 1);
    const texts = ['Step 1', 'Step 2', 'Step 3'];
    expect(await expectAccepted(chunks)).toEqual(texts);
    expect([saved[0]?.id, textsOf(saved[0])]).toEqual(['answer', texts]);
    const indexesOf = (type: string) =>
      chunks.flatMap((chunk) => (chunk.type === type ? chunk.data.index : []));
    expect(indexesOf('data-task-checkpoint')).toEqual([0, 1, 2]);
    expect(indexesOf('data-task-partial')).toEqual([0, 1, 2]);
  },
);
