// Which tasks a process runs, as those see it who decide whether it takes one more.
import { defineTask, type TaskStreamContext } from 'ai-task-stream/server';
import { describe, expect, it } from 'vitest';
import { countRunning, runningTasks } from '../../../src/server/task/running-tasks';
import { createDeferred } from '../../helpers/async';
import { createOwnContext } from '../../helpers/tasks';

const namesOn = (context: TaskStreamContext) => [...runningTasks(context).keys()];

describe('the tasks that a process runs', () => {
  it('are counted by their context, until they are over', () => {
    const [one, other] = [createOwnContext(), createOwnContext()];
    const end = countRunning(one, 'first');
    expect([namesOn(one), namesOn(other)]).toEqual([['first'], []]);
    end();
    expect(namesOn(one)).toEqual([]);
  });

  it('have a task until the last attempt at it is over, and each attempt ends once', () => {
    const context = createOwnContext();
    const endGivenUp = countRunning(context, 'task');
    const endNewest = countRunning(context, 'task');
    expect(runningTasks(context).size).toBe(1);
    endGivenUp();
    endGivenUp();
    expect(namesOn(context)).toEqual(['task']);
    endNewest();
    expect(namesOn(context)).toEqual([]);
  });

  it('have a task between its attempts, too, if this process makes the next', async () => {
    const streamContext = createOwnContext();
    const gate = createDeferred();
    const seen: unknown[] = [];
    const flaky = defineTask({
      name: 'flaky',
      retry: { backoffMs: 1, when: () => true },
      onError: () => seen.push(runningTasks(streamContext).size),
      execute: async ({ task }) => {
        seen.push(runningTasks(streamContext).size);
        if (task.attempt === 1) throw new Error('Not yet.');
        await gate.promise;
      },
    });
    const { taskId, result } = flaky.start(undefined, { streamContext });
    gate.resolve();
    await result;
    expect(seen).toEqual([1, 1, 1]);
    expect(runningTasks(streamContext).has(taskId)).toBe(false);
  });
});
