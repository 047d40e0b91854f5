import { resumeTask } from 'ai-task-stream/server';
import { describe, expect, it } from 'vitest';
import { createDeferred, turns, until } from '../../helpers/async';
import { absolute, relative, relativeEnd, relativeIds } from '../../helpers/cursors';
import { cursorsIn, readWrites, textAfter, typesIn, withoutHeartbeats } from '../../helpers/sse';
import {
  createId,
  createOwnContext,
  follow,
  followRequest,
  runToText,
  startOwnTask,
} from '../../helpers/tasks';

describe('a replay', () => {
  it('is compacted', async () => {
    const { task, streamContext } = await runToText({
      progressIntervalMs: 0,
      execute: ({ task, writer }) => {
        writer.write({ type: 'text-start', id: 't' });
        for (const delta of ['a', 'b', 'c']) {
          writer.write({ type: 'text-delta', id: 't', delta });
          task.progress({ value: 1 });
        }
        task.log('one');
        task.log('two');
      },
    });
    const text = await (await follow(streamContext, task.taskId)).text();
    expect(relative(cursorsIn(text))).toEqual([
      '0-0',
      '0-1',
      '0-2',
      '0-7',
      '0-9',
      '0-10',
      '0-11',
      '0-12',
      '0-13',
      '0-14',
    ]);
    expect(relativeIds(text)).toContain(
      'id: 0-7\ndata: {"type":"text-delta","id":"t","delta":"abc"}\n\n',
    );
  });

  it('is not what somebody gets who follows live', async () => {
    const steps = [createDeferred(), createDeferred(), createDeferred()];
    const { task } = startOwnTask({
      progressIntervalMs: 0,
      execute: async ({ task, writer }) => {
        writer.write({ type: 'text-start', id: 't' });
        for (const step of steps) {
          await step.promise;
          writer.write({ type: 'text-delta', id: 't', delta: 'a' });
          writer.write({ type: 'text-delta', id: 't', delta: 'b' });
          task.progress({ value: 1 });
          task.progress({ value: 2 });
        }
      },
    });
    const writes = readWrites(await task.toResponse());
    await writes.until('text-start');
    for (const [index, step] of steps.entries()) {
      const next = writes.next();
      step.resolve();
      expect(typesIn((await next) ?? '').slice(0, 4), `step ${index}`).toEqual([
        'text-delta',
        'text-delta',
        'data-task',
        'data-task',
      ]);
    }
    await writes.rest();
  });

  it('from every cursor gives exactly the rest', async () => {
    const { task, streamContext } = await runToText({
      progressIntervalMs: 0,
      execute: ({ task, writer }) => {
        writer.write({ type: 'start-step' });
        for (let n = 0; n < 10; n++) {
          task.log(`line ${n}`);
          writer.write({ type: 'data-n', data: n });
        }
      },
    });
    const whole = withoutHeartbeats(await (await follow(streamContext, task.taskId)).text());
    const cursors = cursorsIn(whole);
    for (const cursor of cursors.slice(0, -1)) {
      const response = await follow(streamContext, task.taskId, cursor);
      const text = withoutHeartbeats(await response.text());
      expect(text).toBe(`retry: 1000\n\n${textAfter(whole, cursor)}`);
    }
    const last = await follow(streamContext, task.taskId, cursors.at(-1));
    expect(last.status).toBe(204);
    expect(await last.text()).toBe('');
    expect(last.headers.get('x-task-id')).toBe(task.taskId);
  });

  it('from a cursor that lies between two fused deltas neither loses nor doubles', async () => {
    const { task, streamContext } = await runToText({
      execute: ({ writer }) => {
        writer.write({ type: 'text-start', id: 't' });
        for (const delta of ['a', 'b', 'c', 'd'])
          writer.write({ type: 'text-delta', id: 't', delta });
      },
    });
    const text = await (await follow(streamContext, task.taskId, '0-4')).text();
    expect(relativeIds(text)).toContain(
      'id: 0-6\ndata: {"type":"text-delta","id":"t","delta":"cd"}\n\n',
    );
  });

  it('goes over into the live stream without a gap', async () => {
    const gate = createDeferred();
    const { task, streamContext } = startOwnTask({
      execute: async ({ writer }) => {
        for (let n = 0; n < 5; n++) writer.write({ type: 'data-n', data: n });
        await gate.promise;
        for (let n = 5; n < 10; n++) writer.write({ type: 'data-n', data: n });
      },
    });
    await until(async () => (await relativeEnd(streamContext, task.taskId)) === '0-6');
    const writes = readWrites(await follow(streamContext, task.taskId, '0-3'));
    await writes.until(/^id: \d+-6$/m);
    gate.resolve();
    expect(relative(cursorsIn(await writes.rest()))).toEqual(
      Array.from({ length: 11 }, (_, index) => `0-${index + 4}`),
    );
  });
});

describe('resumeTask', () => {
  async function answer(response: Response) {
    return { status: response.status, text: await response.text() };
  }

  it.each(['0', 'x', '0-', '-1', '0-01', '0-1-2', '1e3-0', ' ', 'null'])(
    'answers the cursor %j with 400',
    async (cursor) => {
      const { task, streamContext } = await runToText({ execute: () => {} });
      const { taskId } = task;
      const url = `http://localhost/task?lastEventId=${encodeURIComponent(cursor)}`;
      const inQuery = await resumeTask({
        taskId,
        streamContext,
        request: new Request(url),
      }).toResponse();
      expect(await answer(inQuery)).toEqual({
        status: 400,
        text: JSON.stringify({
          error: {
            code: 'invalid-cursor',
            message:
              'Last-Event-ID is not of the form `epoch-n`, such as `0-41`. Send the last `id` that was received as it is.',
          },
        }),
      });
      if (cursor.trim() === '') return;
      const inHeader = await follow(streamContext, taskId, cursor);
      expect(inHeader.status).toBe(400);
    },
  );

  it('takes the cursor of the header over that of the query', async () => {
    const { task, streamContext } = await runToText({ execute: () => {} });
    const { taskId } = task;
    const read = async (header: string | undefined, query: string) => {
      const at = (cursor: string) => absolute(streamContext, taskId, cursor);
      const headers = header === undefined ? undefined : { 'last-event-id': await at(header) };
      const url = `http://localhost/?lastEventId=${await at(query)}`;
      const request = new Request(url, { headers });
      const response = await resumeTask({ taskId, streamContext, request }).toResponse();
      const { status } = response;
      return status === 200 ? relative(cursorsIn(await response.text())) : status;
    };
    expect(await read('0-2', '0-0')).toEqual(['0-3', '0-4']);
    expect(await read(undefined, '0-1')).toEqual(['0-2', '0-3', '0-4']);
    expect(await read('0-2', 'nonsense')).toEqual(['0-3', '0-4']);
    expect(await read('nonsense', '0-2')).toBe(400);
    expect(await read(undefined, '')).toHaveLength(5);
  });

  it('answers an unknown task by taskId with 404, and by chatId with 204', async () => {
    const streamContext = createOwnContext();
    expect(
      await answer(await resumeTask({ taskId: createId(), streamContext }).toResponse()),
    ).toEqual({
      status: 404,
      text: JSON.stringify({
        error: {
          code: 'not-found',
          message: 'There is no such task, or its log is no longer kept. Start it anew.',
        },
      }),
    });
    expect(await answer(await resumeTask({ chatId: 'chat', streamContext }).toResponse())).toEqual({
      status: 204,
      text: '',
    });
  });

  it('answers a malformed or missing taskId with 400', async () => {
    for (const options of [{ taskId: 'short' }, {}]) {
      const response = await resumeTask({
        ...options,
        streamContext: createOwnContext(),
      }).toResponse();
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({ error: { code: 'invalid-task-id' } });
    }
  });

  it('follows the active task of a chat, of its owner only', async () => {
    const gate = createDeferred();
    const { task, streamContext } = startOwnTask({
      chatId: 'chat',
      owner: 'me',
      execute: () => gate.promise,
    });
    await turns();
    const resume = (owner?: string) =>
      resumeTask({ chatId: 'chat', streamContext, owner }).toResponse();
    expect((await resume()).status).toBe(204);
    expect((await resume('you')).status).toBe(204);
    const mine = await resume('me');
    expect(mine.status).toBe(200);
    expect(mine.headers.get('x-task-id')).toBe(task.taskId);
    gate.resolve();
    await mine.text();
    await until(async () => (await resume('me')).status === 204);
  });

  it('passes the headers of the host on', async () => {
    const { task, streamContext } = await runToText({ execute: () => {} });
    const headers = { 'x-own': '1' };
    const { taskId } = task;
    const last = await absolute(streamContext, taskId, '0-4');
    for (const cursor of [undefined, last, 'bad']) {
      const request = followRequest(cursor);
      const response = await resumeTask({ taskId, streamContext, request }).toResponse({ headers });
      expect(response.headers.get('x-own')).toBe('1');
      await response.text();
    }
  });

  it('waits at a cursor beyond the end of a running task, and goes on after it', async () => {
    const gate = createDeferred();
    const { task, streamContext } = startOwnTask({
      execute: async ({ writer }) => {
        await gate.promise;
        for (let n = 2; n < 8; n++) writer.write({ type: 'data-n', data: n });
      },
    });
    await turns();
    const writes = readWrites(await follow(streamContext, task.taskId, '0-5'));
    await writes.until('data-task-heartbeat');
    gate.resolve();
    expect(relative(cursorsIn(await writes.rest()))).toEqual(['0-6', '0-7', '0-8', '0-9', '0-10']);
  });
});
