import type { UIMessage, UIMessageChunk } from 'ai';
import { initialTaskState, reduceTaskChunk, type TaskState } from 'ai-task-stream';
import { defineTask } from 'ai-task-stream/server';
import { describe, expect, it } from 'vitest';
import { takeTask } from '../../../src/server/take-task';
import { createLosingContext } from '../../helpers/losing-context';
import { createId, createOwnContext, readLog } from '../../helpers/tasks';

/** The same in all runs, because the ids of tasks within it are made of it. */
const taskId = createId();

type Saved = { status: string; message?: UIMessage; isRecovered: boolean };

/** A chat's task of three steps with a checkpoint behind each of the first two. */
function defineWork(saved: Saved[], { checkpoints = true } = {}) {
  return defineTask({
    name: 'work',
    retry: { attempts: 10, maxTotal: 100 },
    progressIntervalMs: 600_000,
    steps: { read: 1, write: 2 },
    chat: () => ({ chatId: 'chat' }),
    onError: () => {},
    onSettle: ({ status, message, isRecovered }) => {
      saved.push({ status, message, isRecovered });
    },
    execute: async ({ task, writer }) => {
      const keep = async (step: number) => {
        if (checkpoints) await task.checkpoint(step);
      };
      const done = Number(task.lastCheckpoint ?? 0);
      const write = (...chunks: UIMessageChunk[]) => {
        for (const chunk of chunks) writer.write(chunk as never);
      };
      if (done < 1) {
        task.log('Reading');
        write(
          { type: 'start-step' },
          { type: 'reasoning-start', id: 'r' },
          { type: 'reasoning-delta', id: 'r', delta: 'Hm' },
          { type: 'reasoning-delta', id: 'r', delta: '.' },
          { type: 'reasoning-end', id: 'r' },
          { type: 'text-start', id: 't' },
          { type: 'text-delta', id: 't', delta: 'One ' },
          { type: 'text-delta', id: 't', delta: 'two' },
          { type: 'text-end', id: 't' },
        );
        await task.run({
          name: 'inner',
          key: 'inner',
          execute: ({ task: inner }) => {
            inner.log('within');
            inner.partial(1);
            return 'in';
          },
        });
        write({ type: 'finish-step' });
        task.partial('first');
        await keep(1);
      }
      if (done < 2) {
        await task.step('read', async ({ progress }) => {
          progress({ value: 1, total: 2 });
          write(
            { type: 'start-step' },
            { type: 'tool-input-start', toolCallId: 'call', toolName: 'draw' },
            { type: 'tool-input-delta', toolCallId: 'call', inputTextDelta: '{}' },
            { type: 'tool-input-available', toolCallId: 'call', toolName: 'draw', input: {} },
            { type: 'tool-output-available', toolCallId: 'call', output: 'ok' },
            { type: 'finish-step' },
          );
        });
        task.log('Half');
        task.partial('second');
        await keep(2);
      }
      write({ type: 'start-step' }, { type: 'text-start', id: 't' });
      await task.step('write', () => write({ type: 'text-delta', id: 't', delta: 'Three' }));
      write({ type: 'text-end', id: 't' }, { type: 'data-own', id: 'own', data: 1 } as never);
      write({ type: 'finish-step' });
      task.log('Done');
      return 'result';
    },
  });
}

/** Runs the work, whose attempts are lost after so many frames, until it has settled. */
async function run(losses: readonly number[], options = {}) {
  const saved: Saved[] = [];
  const work = defineWork(saved, options);
  const memory = createOwnContext();
  const streamContext = createLosingContext(memory, losses);
  let released: Promise<unknown> = Promise.resolve();
  work.start(undefined, {
    streamContext,
    taskId,
    waitUntil(promise) {
      released = promise;
    },
  });
  await released;
  let attempts = 1;
  while ((await memory.inspect(taskId))?.isWaiting) {
    const taken = await takeTask(work, taskId, { streamContext });
    attempts++;
    await taken?.released;
  }
  const chunks = (await readLog(memory, taskId)).map((json) => JSON.parse(json) as UIMessageChunk);
  return { saved, attempts, chunks };
}

const changing = /^(at|createdAt|updatedAt|settledAt|durationMs|attempt|chatId|checkpoints)$/;

/** What does not depend on when and how often it was tried. */
function lasting(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (key, member) => (changing.test(key) ? undefined : member)),
  );
}

function logOf(chunks: readonly UIMessageChunk[]): unknown {
  const plain = chunks.filter(
    ({ type, ...rest }) =>
      type !== 'data-task-rewind' &&
      !(type === 'data-task' && JSON.stringify(rest).includes(taskId)),
  );
  return lasting(plain);
}

function stateOf(chunks: readonly UIMessageChunk[]): TaskState {
  return chunks.reduce(reduceTaskChunk, initialTaskState as TaskState);
}

async function expectAsIfUndisturbed(losses: readonly number[], options = {}): Promise<void> {
  const whole = await run([], options);
  const lost = await run(losses, options);
  expect([losses, lost.attempts]).toEqual([losses, losses.length + 1]);
  expect(logOf(lost.chunks)).toEqual(logOf(whole.chunks));
  expect(lasting(stateOf(lost.chunks))).toEqual(lasting(stateOf(whole.chunks)));
  expect(lasting(lost.saved)).toEqual(lasting(whole.saved));
  expect(lost.saved).toMatchObject([{ status: 'completed', isRecovered: false }]);
}

/** How many frames an attempt adds that is not disturbed. */
const frameCount = 34;

describe('a task whose process is lost', () => {
  it.each([[true], [false]])(
    'ends as if nothing had happened, wherever that was; checkpoints: %s (R-ATTEMPT-2, R-ATTEMPT-6)',
    async (checkpoints) => {
      for (let loss = 0; loss < frameCount - (checkpoints ? 4 : 6); loss++) {
        await expectAsIfUndisturbed([loss], { checkpoints });
      }
    },
  );

  it('ends so after two and three lost attempts, too (R-ATTEMPT-1, R-ATTEMPT-6)', async () => {
    for (let first = 0; first < frameCount - 6; first += 3) {
      for (let second = 0; second < 11; second += 2) {
        await expectAsIfUndisturbed([first, second]);
        await expectAsIfUndisturbed([first, second, 11 - second]);
      }
    }
  });
});
