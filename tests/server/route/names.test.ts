// Owners, chats and names that one storage tells apart and another does not.
import {
  cancelTask,
  createTaskRoute,
  defineTask,
  resumeTask,
  streamTask,
} from 'ai-task-stream/server';
import { describe, expect, it } from 'vitest';
import { createId, createOwnContext, startOwnTask } from '../../helpers/tasks';

const strange = [null, 5, 0, false, {}, ['me'], Symbol('me'), '\ud800', 'me\udfff', '\ude00\ud83d'];

const refusedOptions = expect.objectContaining({ code: 'invalid-options' });
const refusedChat = expect.objectContaining({ code: 'invalid-body' });

describe.each(strange.map((value) => ({ value })))('the name $value', ({ value }) => {
  const name = value as never;

  it('is refused as an owner, a name and a definition by whatever runs on the server', async () => {
    const streamContext = createOwnContext();
    let runs = 0;
    const execute = () => {
      runs += 1;
    };
    const taskId = createId();
    for (const option of ['owner', 'name']) {
      const start = () => streamTask({ streamContext, taskId, execute, [option]: name });
      expect(start).toThrow(refusedOptions);
    }
    expect(() => defineTask({ name, execute })).toThrow(refusedOptions);
    expect(() => resumeTask({ streamContext, taskId, owner: name })).toThrow(refusedOptions);
    await expect(cancelTask({ streamContext, taskId, owner: name })).rejects.toEqual(
      refusedOptions,
    );
    expect(await streamContext.inspect(taskId)).toBeUndefined();
    expect(runs).toBe(0);
  });

  it('is no owner of a request: 500, of which the host is told, and nothing is started', async () => {
    const streamContext = createOwnContext();
    let runs = 0;
    const told: unknown[] = [];
    const task = defineTask({
      name: 'work',
      execute: () => {
        runs += 1;
      },
    });
    const route = createTaskRoute(task, {
      streamContext,
      owner: () => name,
      onError: (error) => told.push(error),
    });
    const taskId = createId();
    const address = `http://localhost/task?taskId=${taskId}`;
    const answers = [
      await route.POST(
        new Request(address, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ taskId, input: null }),
        }),
      ),
      await route.GET(new Request(address)),
      await route.DELETE(new Request(address, { method: 'DELETE' })),
    ];
    for (const answer of answers) {
      expect(answer.status).toBe(500);
      expect(await answer.json()).toEqual({
        error: { code: 'internal', message: 'The request failed.' },
      });
    }
    expect(told).toEqual([refusedOptions, refusedOptions, refusedOptions]);
    expect(runs).toBe(0);
    expect(await streamContext.inspect(taskId)).toBeUndefined();
    // No cancel was kept either.
    const { task: later } = startOwnTask({ streamContext, taskId, execute: () => 'done' });
    expect(await later.result).toBe('done');
  });

  it('is no chat: 400, and nothing is started', async () => {
    const streamContext = createOwnContext();
    let runs = 0;
    const { task } = startOwnTask({
      streamContext,
      chatId: name,
      execute: () => {
        runs += 1;
      },
    });
    for (const response of [
      await task.toResponse(),
      await resumeTask({ streamContext, chatId: name }).toResponse(),
    ]) {
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({ error: { code: 'invalid-body' } });
    }
    await expect(task.result).rejects.toEqual(refusedChat);
    await expect(cancelTask({ streamContext, chatId: name })).rejects.toEqual(refusedChat);
    expect(runs).toBe(0);
  });
});

it.each(['', 'me', '\u{1F600}', '\ufffd', 'null', 'undefined'])(
  'takes %j as a name',
  async (name) => {
    const streamContext = createOwnContext();
    const options = { streamContext, owner: name, name, chatId: name };
    const { task } = startOwnTask({ ...options, execute: () => 'done' });
    expect(await task.result).toBe('done');
    const { taskId } = task;
    const statusOf = async (owner?: string) =>
      (await resumeTask({ streamContext, taskId, owner }).toResponse()).status;
    expect(await statusOf(name)).toBe(200);
    expect(await statusOf()).toBe(404);
    expect(await statusOf(`${name} `)).toBe(404);
  },
);
