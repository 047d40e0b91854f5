// What is asked of a process that takes leave.
import {
  createTaskRoute,
  defineTask,
  streamTask,
  type TaskStreamContext,
} from 'ai-task-stream/server';
import { describe, expect, it } from 'vitest';
import { createDeferred } from '../helpers/async';
import { openWork, startAt, tryTake } from '../helpers/attempted-task';
import { createId, createOwnContext, readLog } from '../helpers/tasks';

function post(taskId: string): Request {
  return new Request('http://localhost/task', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ taskId, input: null }),
  });
}

/** A route whose tasks run until the test ends them. */
function createHeldRoute(streamContext: TaskStreamContext, reported: unknown[] = []) {
  const gate = createDeferred();
  const begun: string[] = [];
  const task = defineTask({
    name: 'held',
    execute: async ({ task: { taskId } }) => {
      begun.push(taskId);
      await gate.promise;
    },
  });
  const route = createTaskRoute(task, {
    streamContext,
    whenUnavailable: 'run',
    onError: (error) => reported.push(error),
  });
  return { ...route, task, begun, end: gate.resolve };
}

describe('a process that drains', () => {
  it('starts no task, and lets the client come again (R-DRAIN-1)', async () => {
    const streamContext = createOwnContext();
    const reported: unknown[] = [];
    const { POST, task, begun } = createHeldRoute(streamContext, reported);
    await streamContext.drain?.();
    const response = await POST(post(createId()));
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('1');
    expect(await response.json()).toEqual({
      error: {
        code: 'context-unavailable',
        message: 'The process that was asked is about to end. Try again shortly.',
        retryable: true,
      },
    });
    await expect(task.start(undefined, { streamContext }).result).rejects.toMatchObject({
      code: 'context-unavailable',
    });
    const plain = streamTask({ streamContext, execute: () => begun.push('plain') });
    expect((await plain.toResponse()).status).toBe(503);
    expect([begun, reported]).toEqual([[], []]);
  });

  it('still has tasks joined, followed and cancelled (R-DRAIN-1)', async () => {
    const streamContext = createOwnContext();
    const { POST, GET, DELETE, begun, end } = createHeldRoute(streamContext);
    const taskId = createId();
    const first = await POST(post(taskId));
    const drained = streamContext.drain?.();
    const follow = new Request(`http://localhost/task?taskId=${taskId}`);
    const responses = [await POST(post(taskId)), await GET(follow)];
    const cancel = new Request(`http://localhost/task?taskId=${taskId}`, { method: 'DELETE' });
    expect(await (await DELETE(cancel)).json()).toEqual({ cancelled: true });
    end();
    const texts = await Promise.all([first, ...responses].map((response) => response.text()));
    for (const text of texts) expect(text).toContain('"status":"cancelled"');
    await drained;
    expect(begun).toEqual([taskId]);
  });

  it('takes no task (R-DRAIN-1)', async () => {
    const context = createOwnContext();
    const taskId = createId();
    const log = await openWork(context, taskId, { start: startAt(taskId, -1) });
    await log.handOver?.();
    await context.drain?.();
    await expect(tryTake(context, taskId)).rejects.toMatchObject({ code: 'context-unavailable' });
  });

  it('closes tasks of its memory that wait, because they end with it', async () => {
    const context = createOwnContext();
    const [waiting, running] = [createId(), createId()];
    await (await openWork(context, waiting)).handOver?.({ delayMs: 60_000 });
    const log = await openWork(context, running);
    await context.drain?.();
    expect(await context.inspect(waiting)).toMatchObject({ status: 'failed' });
    expect((await readLog(context, waiting)).join()).toContain('"code":"drained"');
    expect(await log.handOver?.({ isFree: true })).toBe('refused');
    await log.settle([], 'completed');
  });

  it('is another one for each scope of memory, however many contexts that has', async () => {
    const [scope, otherScope] = [createId(), createId()];
    const other = createOwnContext({ scope: otherScope });
    await createOwnContext({ scope }).drain?.();
    expect(createOwnContext({ scope }).draining?.begun.aborted).toBe(true);
    expect(other.draining?.begun.aborted).toBe(false);
  });
});
