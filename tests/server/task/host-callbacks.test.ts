// Whatever the host hands in may fail, at once or later. The task and its response must not.
import {
  createTaskRoute,
  defineTask,
  resumeTask,
  type TaskSettings,
  toResumableStreamContext,
} from 'ai-task-stream/server';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { turns } from '../../helpers/async';
import { typesIn } from '../../helpers/sse';
import { createOwnContext, runToText } from '../../helpers/tasks';

const failure = new Error('The host has a fault.');

const failing: [how: string, callback: () => never][] = [
  [
    'throws',
    () => {
      throw failure;
    },
  ],
  // What the types do not forbid: an `async` function where none is waited for.
  ['rejects', () => Promise.reject(failure) as never],
];

const noFunction = 'after' as unknown as () => never;

afterEach(() => {
  vi.restoreAllMocks();
});

const post = () =>
  new Request('http://localhost', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{}',
  });

describe.each([...failing, ['is no function', noFunction] as const])(
  'a waitUntil that %s',
  (_how, waitUntil) => {
    it('leaves the task and its response alone, and the host is told', async () => {
      const { text, task, reported } = await runToText({ waitUntil, execute: () => 42 });
      expect(typesIn(text).at(-1)).toBe('finish');
      await expect(task.result).resolves.toBe(42);
      await turns();
      expect(reported).toEqual([waitUntil === noFunction ? expect.any(TypeError) : failure]);
    });

    it('leaves a route alone, and the place that the task takes there', async () => {
      const onError = vi.fn();
      const streamContext = createOwnContext();
      const task = defineTask({ name: 'draw', execute: () => 42 });
      const options = { streamContext, waitUntil, onError, maxConcurrent: 1 };
      const response = await createTaskRoute(task, options).POST(post());
      expect(response.status).toBe(200);
      expect(typesIn(await response.text()).at(-1)).toBe('finish');
      expect(onError).toHaveBeenCalledOnce();
    });

    it('leaves whoever resumes alone', async () => {
      const onError = vi.fn();
      const { task, streamContext } = await runToText({ execute: () => 42 });
      const { taskId } = task;
      const options = { taskId, streamContext, waitUntil, onError, onSettle: () => {} };
      const response = await resumeTask(options).toResponse();
      expect(typesIn(await response.text()).at(-1)).toBe('finish');
      expect(onError).toHaveBeenCalledOnce();
    });

    it('leaves a stream of the interface of resumable-stream alone', async () => {
      const makeStream = () =>
        new ReadableStream<string>({
          start(controller) {
            controller.enqueue('x');
            controller.close();
          },
        });
      const onError = vi.fn();
      const context = toResumableStreamContext(createOwnContext(), { waitUntil, onError });
      const stream = await context.createNewResumableStream('a', makeStream);
      for await (const text of stream ?? []) expect(text).toBe('x');
      await turns();
      expect(onError).toHaveBeenCalledOnce();
    });
  },
);

describe.each(failing)('another callback that %s', (_how, callback) => {
  it('as onError changes nothing', async () => {
    const printed = vi.spyOn(console, 'error').mockImplementation(() => {});
    const { text } = await runToText({
      onError: callback,
      execute: () => {
        throw new Error('The work failed.');
      },
    });
    expect(typesIn(text).at(-1)).toBe('error');
    await turns();
    expect(printed.mock.calls.flat()).toContain(failure);
  });

  it('as onError changes nothing for whoever resumes', async () => {
    const printed = vi.spyOn(console, 'error').mockImplementation(() => {});
    const { task, streamContext } = await runToText({ execute: () => 42 });
    const { taskId } = task;
    const claimOutcome = () => Promise.reject(new Error('The storage is away.'));
    const options = { taskId, streamContext: { ...streamContext, claimOutcome }, onSettle() {} };
    const response = await resumeTask({ ...options, onError: callback }).toResponse();
    expect(typesIn(await response.text()).at(-1)).toBe('finish');
    await turns();
    expect(printed.mock.calls.flat()).toContain(failure);
  });

  it.each<keyof TaskSettings>(['toTaskError', 'onSettle'])(
    'as %s is told to the host, and the task ends as it does',
    async (name) => {
      const { text, reported } = await runToText({
        [name]: callback,
        execute: () => {
          throw new Error('The work failed.');
        },
      });
      expect(typesIn(text).at(-1)).toBe('error');
      expect(text).toContain('"code":"internal"');
      await turns();
      expect(reported.length).toBeGreaterThan(1);
    },
  );

  it.each(['authorize', 'owner'])(
    'as %s of a route answers 500, and starts nothing',
    async (name) => {
      const onError = vi.fn();
      const execute = vi.fn();
      const task = defineTask({ name: 'draw', execute });
      const options = { streamContext: createOwnContext(), onError, [name]: callback };
      const response = await createTaskRoute(task, options).POST(post());
      expect(response.status).toBe(500);
      expect(await response.text()).not.toContain('fault');
      expect(onError).toHaveBeenCalledOnce();
      expect(execute).not.toHaveBeenCalled();
    },
  );
});

describe('a toTaskError that gives something else', () => {
  it.each<[what: string, given: unknown]>([
    ['an ordinary error', new Error('secret')],
    ['plain data', { code: 'own', message: 'secret' }],
    ['text', 'secret'],
  ])('masks the error: %s', async (_what, given) => {
    const { text, reported } = await runToText({
      toTaskError: () => given as undefined,
      execute: () => {
        throw new Error('The work failed.');
      },
    });
    expect(typesIn(text).at(-1)).toBe('error');
    expect(text).toContain('"code":"internal"');
    expect(text).not.toContain('secret');
    expect(reported).toEqual([expect.any(Error), expect.any(TypeError)]);
  });
});

describe('a transformer that fails', () => {
  it.each(failing.slice(0, 1))('fails the task when it %s', async (_how, stringify) => {
    const { text, reported } = await runToText({ transformer: { stringify }, execute: () => 42 });
    expect(typesIn(text).at(-1)).toBe('error');
    expect(text).not.toContain('fault');
    expect(reported).toEqual([failure]);
  });
});
