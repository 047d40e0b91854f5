import { TaskError } from 'ai-task-stream';
import { defineTask } from 'ai-task-stream/server';
import { runDefinition } from 'ai-task-stream/testing';
import { describe, expect, expectTypeOf, it, vi } from 'vitest';
import { z } from 'zod';
import { aborted } from '../helpers/async';

const count = defineTask({
  name: 'count',
  input: z.object({ to: z.number() }),
  partial: z.object({ n: z.number() }),
  steps: { prepare: 10, count: 90 },
  execute: async ({ input: { to }, task, writer }) => {
    await task.step('prepare', () => task.log('Ready.'));
    writer.write({ type: 'text-start', id: 't' });
    for (let n = 1; n <= to; n++) {
      task.partial({ n });
      writer.write({ type: 'text-delta', id: 't', delta: `${n} ` });
    }
    return { total: to, at: new Date(0) };
  },
});

describe('runDefinition', () => {
  it('gives result, state, chunks, log and text of a task, with their types', async () => {
    const { task, result, chunks, logs, text, message, refusal, errors } = await runDefinition(
      count,
      { input: { to: 3 } },
    );
    expect(result).toEqual({ total: 3, at: new Date(0) });
    expect(task).toMatchObject({
      status: 'completed',
      partials: [{ n: 1 }, { n: 2 }, { n: 3 }],
      settlement: { status: 'completed', result: { total: 3, at: '1970-01-01T00:00:00.000Z' } },
    });
    expect(task.steps.map(({ name, status }) => `${name}: ${status}`)).toEqual([
      'prepare: completed',
      'count: pending',
    ]);
    expect(chunks.filter(({ type }) => type === 'text-delta')).toHaveLength(3);
    expect(logs).toEqual(['Ready.']);
    expect(text).toBe('1 2 3 ');
    expect(message.parts).toContainEqual({ type: 'text', text: '1 2 3 ', state: 'done' });
    expect([refusal, errors]).toEqual([undefined, []]);
    expectTypeOf(result).toEqualTypeOf<{ total: number; at: Date } | undefined>();
    expectTypeOf(task.partials).toEqualTypeOf<readonly { n: number }[]>();
    expectTypeOf(task.steps[0]?.name).toEqualTypeOf<'prepare' | 'count' | undefined>();
    // @ts-expect-error the input has no such field
    await runDefinition(count, { input: { from: 1 } });
  });

  it('says why a task was not started', async () => {
    const { refusal, task, chunks } = await runDefinition(count, {});
    expect(refusal).toMatchObject({ code: 'invalid-input' });
    expect(task.status).toBe('pending');
    expect(chunks).toEqual([]);
  });

  it('gives what was thrown, and what a page is told of it', async () => {
    const failure = new Error('The password is wrong.');
    const failing = defineTask({ name: 'failing', execute: () => Promise.reject(failure) });
    const onError = vi.fn();
    const { task, result, errors } = await runDefinition(failing, { onError });
    expect(errors).toEqual([failure]);
    expect(onError).toHaveBeenCalledTimes(1);
    expect(task.error).toMatchObject({ code: 'internal', message: 'The task failed.' });
    expect(result).toBeUndefined();
    const typed = defineTask({
      name: 'typed',
      execute: () => {
        throw new TaskError({ code: 'too-late', message: 'Too late.' });
      },
    });
    expect((await runDefinition(typed, {})).task.error).toMatchObject({ code: 'too-late' });
  });

  it('cancels the task when its signal aborts', async () => {
    const endless = defineTask({ name: 'endless', execute: ({ signal }) => aborted(signal) });
    const controller = new AbortController();
    const running = runDefinition(endless, { signal: controller.signal });
    controller.abort(new Error('Enough.'));
    expect((await running).task).toMatchObject({ status: 'cancelled' });
  });

  it('resolves once the host was told of the outcome', async () => {
    const told: unknown[] = [];
    const onSettle = async ({ status, result }: { status: string; result?: unknown }) => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      told.push([status, result]);
    };
    await runDefinition(defineTask({ name: 'told', execute: () => 7, onSettle }));
    expect(told).toEqual([['completed', 7]]);
  });

  it('hands over what a request would bring', async () => {
    const asked = defineTask({
      name: 'asked',
      execute: ({ request, params }) => `${request?.headers.get('x-user')} ${params.id}`,
    });
    const request = new Request('http://localhost/', { headers: { 'x-user': 'ada' } });
    const { result } = await runDefinition(asked, { request, params: { id: '7' } });
    expect(result).toBe('ada 7');
  });
});
