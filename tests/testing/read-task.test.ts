import { createTaskRoute, defineTask } from 'ai-task-stream/server';
import { readTask } from 'ai-task-stream/testing';
import superjson from 'superjson';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { createDeferred } from '../helpers/async';
import { createOwnContext } from '../helpers/tasks';

function post(body: unknown): Request {
  return new Request('http://localhost/api', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
}

const report = defineTask({
  name: 'report',
  steps: { write: 1 },
  execute: async ({ task, writer }) => {
    task.log('Begun.');
    await task.step('write', () => {
      writer.write({ type: 'text-start', id: 't' });
      for (const delta of ['Hel', 'lo', '.']) writer.write({ type: 'text-delta', id: 't', delta });
    });
    return { writtenAt: new Date(0) };
  },
});

describe('readTask', () => {
  it('tells what a page would know of the task, with its types', async () => {
    const { POST } = createTaskRoute(report, { streamContext: createOwnContext() });
    const seen = await readTask<typeof report>(await POST(post({})));
    expect(seen).toMatchObject({
      status: 200,
      task: {
        name: 'report',
        status: 'completed',
        steps: [{ name: 'write', status: 'completed' }],
      },
      result: { writtenAt: '1970-01-01T00:00:00.000Z' },
      logs: ['Begun.'],
      text: 'Hello.',
      isDone: true,
    });
    expect(seen.refusal).toBeUndefined();
    expect(seen.cursor).toMatch(/^\d+-\d+$/);
    expect(seen.chunks.map(({ type }) => type)).not.toContain('data-task-heartbeat');
    expectTypeOf(seen.result).toEqualTypeOf<{ writtenAt: string } | undefined>();
    expectTypeOf(seen.task.steps[0]?.name).toEqualTypeOf<'write' | undefined>();
  });

  it('revives values with the transformer of the task', async () => {
    const transformer = superjson;
    const encoded = defineTask({ ...report.options, name: 'encoded', transformer });
    const { POST } = createTaskRoute(encoded, { streamContext: createOwnContext(), transformer });
    const seen = await readTask<typeof encoded>(await POST(post({})), { transformer });
    expect(seen.result).toEqual({ writtenAt: new Date(0) });
    expectTypeOf(seen.result).toEqualTypeOf<{ writtenAt: Date } | undefined>();
  });

  it('tells why the server refused', async () => {
    const { POST, GET } = createTaskRoute(report, { streamContext: createOwnContext() });
    const refused = await readTask(await POST(post({ title: 'Tides' })));
    expect(refused).toMatchObject({ status: 400, refusal: { code: 'invalid-body' }, chunks: [] });
    const unknown = new Request('http://localhost/api?taskId=0123456789abcdef');
    expect(await readTask(await GET(unknown))).toMatchObject({
      status: 404,
      refusal: { code: 'not-found' },
      isDone: false,
    });
    expect(await readTask(new Response('Go away.', { status: 403 }))).toMatchObject({
      status: 403,
      refusal: { code: 'refused' },
    });
    expect(await readTask(new Response(null, { status: 204 }))).toMatchObject({
      status: 204,
      refusal: undefined,
      chunks: [],
    });
  });

  it('leaves early, and the rest is read from the cursor on', async () => {
    const gate = createDeferred();
    const slow = defineTask({
      name: 'slow',
      execute: async ({ task }) => {
        task.log('first');
        await gate.promise;
        task.log('second');
      },
    });
    const { POST, GET } = createTaskRoute(slow, { streamContext: createOwnContext() });
    const left = await readTask(await POST(post({})), { until: ({ logs }) => logs.length === 1 });
    expect(left).toMatchObject({ logs: ['first'], isDone: false, task: { status: 'running' } });
    gate.resolve();
    const rest = await readTask(
      await GET(
        new Request(`http://localhost/api?taskId=${left.task.taskId}`, {
          headers: { 'last-event-id': left.cursor ?? '' },
        }),
      ),
    );
    expect(rest).toMatchObject({ logs: ['second'], isDone: true, task: { status: 'completed' } });
  });
});
