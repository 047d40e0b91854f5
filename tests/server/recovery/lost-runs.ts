// Runs of a task that loses its process again and again, compared with one that does not.
import type { UIMessage, UIMessageChunk } from 'ai';
import { initialTaskState, reduceTaskChunk, type TaskState } from 'ai-task-stream';
import type { StartDefinedTaskOptions } from 'ai-task-stream/server';
import { expect } from 'vitest';
import { takeTask } from '../../../src/server/take-task';
import { createLosingContext } from '../../helpers/losing-context';
import { createId, createOwnContext, readLog } from '../../helpers/tasks';

export interface Saved {
  status: string;
  message?: UIMessage;
  isRecovered: boolean;
}

/** Makes the task, which notes in `saved` what its host is told. */
export type DefineWork = (saved: Saved[]) => {
  readonly options: { readonly name: string; execute: (options: never) => unknown };
  start(
    input: undefined,
    options: Pick<StartDefinedTaskOptions, 'streamContext' | 'taskId' | 'waitUntil'>,
  ): unknown;
};

/** The same in all runs, because the ids of tasks within it are made of it. */
const taskId = createId();

/** Runs the work, whose attempts are lost after so many frames, until it has settled. */
async function run(defineWork: DefineWork, losses: readonly number[]) {
  const saved: Saved[] = [];
  const work = defineWork(saved);
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

/**
 * Loses attempts after so many frames, and compares what is there in the end with an undisturbed run.
 *
 * @param keepsEndsWithin Whether a task within had not ended at a checkpoint, so that the log tells of
 * its loss, which no later one can take back.
 */
export async function expectAsIfUndisturbed(
  defineWork: DefineWork,
  losses: readonly number[],
  { keepsEndsWithin = false } = {},
): Promise<void> {
  const whole = await run(defineWork, []);
  const lost = await run(defineWork, losses);
  expect([losses, lost.attempts]).toEqual([losses, losses.length + 1]);
  expect(lasting(stateOf(lost.chunks))).toEqual(lasting(stateOf(whole.chunks)));
  expect(lost.saved).toMatchObject([{ status: 'completed', isRecovered: false }]);
  if (keepsEndsWithin) return;
  expect(logOf(lost.chunks)).toEqual(logOf(whole.chunks));
  expect(lasting(lost.saved)).toEqual(lasting(whole.saved));
}

/** How many frames an attempt adds that is not disturbed, without those that settle the task. */
export async function countFrames(defineWork: DefineWork): Promise<number> {
  const { chunks } = await run(defineWork, []);
  const types = chunks.map(({ type }) => type);
  const opening = types.lastIndexOf('start') + 2;
  const closing = types.lastIndexOf('data-task');
  return closing - opening;
}
