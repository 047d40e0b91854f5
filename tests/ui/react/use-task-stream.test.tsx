import { act, cleanup, fireEvent, render, renderHook, waitFor } from '@testing-library/react';
import { StrictMode, version } from 'react';
import { renderToString } from 'react-dom/server';
import { afterEach, beforeEach, describe, expect, expectTypeOf, it, vi } from 'vitest';
import type { TaskTypes } from '../../../src/protocol/task-types';
import type { UseTaskStreamOptions } from '../../../src/ui/react';
import { useTaskStream } from '../../../src/ui/react';
import { frame, log, recording, settle, snapshot, taskId } from '../../helpers/recording';
import { eventStream, type ScriptedRequest, scriptFetch } from '../../helpers/scripted-fetch';
import { setUpCleaning } from './clean-up';

const api = '/api/task';
const storageKey = `ai-task-stream:${api}`;

beforeEach(() => sessionStorage.clear());
afterEach(() => void vi.unstubAllGlobals());
setUpCleaning();

/** A log that goes on when the test says so, for whoever asks. */
function createOpenTask() {
  let send: (text: string) => void = () => {};
  let isCancelled = false;
  const { fetch, requests } = scriptFetch(() => {
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(new TextEncoder().encode('retry: 1000\n\n'));
        send = (text) => controller.enqueue(new TextEncoder().encode(text));
      },
      cancel() {
        isCancelled = true;
      },
    });
    return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
  });
  return {
    fetch,
    requests,
    send: (text: string) => send(text),
    isCancelled: () => isCancelled,
  };
}

const wholeTask = (_: number, { headers }: ScriptedRequest) =>
  eventStream(recording.bytesAfter(headers.get('last-event-id') ?? undefined), { end: true });

function renderTask(options: Partial<UseTaskStreamOptions> & { fetch: typeof fetch }) {
  return renderHook(
    (changed: Partial<UseTaskStreamOptions>) => useTaskStream({ api, ...options, ...changed }),
    {
      initialProps: {},
      wrapper: StrictMode,
    },
  );
}

type Shown = ReturnType<typeof useTaskStream>;

/** Shows a task, and tells of each render. */
function Show({
  onRender = () => {},
  ...options
}: UseTaskStreamOptions & { onRender?: (shown: Shown) => void }) {
  const shown = useTaskStream(options);
  onRender(shown);
  return `${shown.status}, ${shown.connection}`;
}

function Typed() {
  const { start, result, partials } = useTaskStream<
    TaskTypes<{ prompt: string }, { at: Date }, number>
  >({ api });
  expectTypeOf(start).parameter(0).toEqualTypeOf<{ prompt: string }>();
  expectTypeOf(result).toEqualTypeOf<{ at: string } | undefined>();
  expectTypeOf(partials).toEqualTypeOf<readonly number[]>();
  return null;
}

describe(`useTaskStream on React ${version}`, () => {
  it('starts a task and shows it to its end', async () => {
    const { fetch, requests } = scriptFetch(wholeTask);
    const { result } = renderTask({ fetch });
    expect(result.current).toMatchObject({ connection: 'idle', status: 'idle' });
    expect(requests).toHaveLength(0);
    let end: unknown;
    await act(async () => {
      end = await result.current.start('x', { taskId });
    });
    expect(end).toMatchObject({ status: 'completed' });
    await waitFor(() => expect(result.current.connection).toBe('closed'));
    expect(result.current).toMatchObject({
      taskId,
      status: 'completed',
      percent: 100,
      isActive: false,
      result: { url: 'https://example.com/ü.png' },
      partials: [{ n: 0 }, { n: 1 }],
    });
  });

  it('keeps its functions the same from render to render', async () => {
    const { fetch } = scriptFetch(wholeTask);
    const { result, rerender } = renderTask({ fetch });
    const { start, cancel, detach, resume, reset } = result.current;
    await act(async () => void (await start('x', { taskId })));
    rerender({ onSettle: () => {} });
    expect(result.current).toMatchObject({ start, cancel, detach, resume, reset });
  });

  it('starts a task without input, and cancels it as a handler of clicks', async () => {
    const task = createOpenTask();
    const { result } = renderTask({ fetch: task.fetch });
    act(() => void result.current.start());
    await waitFor(() => expect(result.current.connection).toBe('connected'));
    const { cancel } = result.current;
    const button = render(
      <button type="button" onClick={cancel}>
        Stop
      </button>,
    );
    fireEvent.click(button.getByText('Stop'));
    await waitFor(() => expect(task.requests).toHaveLength(2));
    const { taskId } = result.current;
    expect(task.requests[1]).toMatchObject({ method: 'DELETE', url: `${api}?taskId=${taskId}` });
  });

  it('calls the callbacks of the newest render', async () => {
    const task = createOpenTask();
    const calls: string[] = [];
    const { result, rerender } = renderTask({ fetch: task.fetch, onLog: () => calls.push('old') });
    act(() => void result.current.start('x', { taskId }));
    await waitFor(() => expect(result.current.connection).toBe('connected'));
    task.send(frame(0, log(0, 'first')));
    await waitFor(() => expect(calls).toEqual(['old']));
    rerender({ onLog: () => calls.push('new') });
    task.send(frame(1, log(1, 'second')));
    await waitFor(() => expect(calls).toEqual(['old', 'new']));
  });

  it('opens one connection per task in StrictMode, also when it resumes', async () => {
    const task = createOpenTask();
    const { result, unmount } = renderTask({ fetch: task.fetch, resume: taskId });
    await waitFor(() => expect(result.current.connection).toBe('connected'));
    expect(task.requests).toHaveLength(1);
    expect(task.requests[0]).toMatchObject({ method: 'GET', url: `${api}?taskId=${taskId}` });
    expect(task.isCancelled()).toBe(false);
    unmount();
    await Promise.resolve();
  });

  it('leaves the task when it unmounts, without asking to cancel it', async () => {
    const task = createOpenTask();
    const { result, unmount } = renderTask({ fetch: task.fetch });
    let end: Promise<unknown> | undefined;
    act(() => {
      end = result.current.start('x', { taskId });
    });
    await waitFor(() => expect(result.current.connection).toBe('connected'));
    unmount();
    expect(await end).toMatchObject({ status: 'unsettled', error: { code: 'aborted' } });
    expect(task.requests).toHaveLength(1);
  });

  it('resumes after a reload the task that this tab started last', async () => {
    const task = createOpenTask();
    const first = renderTask({ fetch: task.fetch, resume: true });
    expect(task.requests).toHaveLength(0);
    act(() => void first.result.current.start('x'));
    const { taskId: startedId } = first.result.current.taskId
      ? first.result.current
      : { taskId: sessionStorage.getItem(storageKey) };
    expect(sessionStorage.getItem(storageKey)).toBe(startedId);
    first.unmount();

    const { fetch, requests } = scriptFetch(() =>
      eventStream(recording.bytesAfter().toString().replaceAll(taskId, String(startedId)), {
        end: true,
      }),
    );
    const second = renderTask({ fetch, resume: true });
    await waitFor(() => expect(second.result.current.status).toBe('completed'));
    expect(requests).toMatchObject([{ method: 'GET', url: `${api}?taskId=${startedId}` }]);
    // The outcome can be shown again until the page forgets it.
    expect(sessionStorage.getItem(storageKey)).toBe(startedId);
    act(() => second.result.current.reset());
    expect(sessionStorage.getItem(storageKey)).toBeNull();
  });

  it('resumes after a reload, of two hooks of one address, each its own task, and warns once', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const open = () => eventStream(frame(0, snapshot()));
    const shown: Shown[] = [];
    const mount = (fetch: typeof globalThis.fetch) =>
      render(
        <StrictMode>
          {[0, 1, 2].map((index) => (
            <Show
              key={index}
              api="/api/twice"
              fetch={fetch}
              resume
              onRender={(state) => {
                shown[index] = state;
              }}
            />
          ))}
        </StrictMode>,
      );
    const first = mount(scriptFetch(open).fetch);
    const startedIds = ['task-of-the-first', 'task-of-the-second', undefined];
    // In another order than they have on the page.
    act(() => void shown[1]?.start('x', { taskId: startedIds[1] }));
    act(() => void shown[0]?.start('x', { taskId: startedIds[0] }));
    first.unmount();
    await Promise.resolve();

    const { fetch, requests } = scriptFetch(open);
    const second = mount(fetch);
    await waitFor(() => expect(requests).toHaveLength(2));
    expect(requests.map(({ url }) => url)).toEqual(
      startedIds.slice(0, 2).map((id) => `/api/twice?taskId=${id}`),
    );
    expect(shown.map(({ taskId }) => taskId)).toEqual(startedIds);
    second.unmount();
    expect(warn.mock.calls).toEqual([[expect.stringContaining('`storageKey`')]]);
    warn.mockRestore();
    await Promise.resolve();
  });

  it('takes the key of a hook that has gone', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const open = () => eventStream(frame(0, snapshot()));
    const first = renderTask({ fetch: scriptFetch(open).fetch, api: '/api/alone', resume: true });
    act(() => void first.result.current.start('x', { taskId }));
    first.unmount();
    const { fetch, requests } = scriptFetch(open);
    const second = renderTask({ fetch, api: '/api/alone', resume: true });
    await waitFor(() => expect(requests).toHaveLength(1));
    expect(requests[0]?.url).toBe(`/api/alone?taskId=${taskId}`);
    second.unmount();
    expect(warn).not.toHaveBeenCalled();
    warn.mockRestore();
    await Promise.resolve();
  });

  it('forgets a task that the server does not know any more, without an error', async () => {
    sessionStorage.setItem('my-key', taskId);
    const { fetch, requests } = scriptFetch(() => new Response(null, { status: 404 }));
    const onError = vi.fn();
    const { result } = renderTask({ fetch, resume: true, storageKey: 'my-key', onError });
    await waitFor(() => expect(sessionStorage.getItem('my-key')).toBeNull());
    await waitFor(() => expect(result.current.connection).toBe('idle'));
    expect(result.current.error).toBeUndefined();
    expect(onError).not.toHaveBeenCalled();
    expect(requests).toHaveLength(1);
  });

  it('follows a task that the page names later', async () => {
    const { fetch, requests } = scriptFetch(wholeTask);
    const { result, rerender } = renderTask({ fetch });
    rerender({ resume: true, taskId });
    await waitFor(() => expect(result.current.status).toBe('completed'));
    expect(requests).toHaveLength(1);
  });

  it('works though the browser forbids storage', async () => {
    vi.stubGlobal('sessionStorage', {
      getItem() {
        throw new DOMException('Denied', 'SecurityError');
      },
      setItem() {
        throw new DOMException('Denied', 'SecurityError');
      },
    });
    const { fetch } = scriptFetch(wholeTask);
    const { result } = renderTask({ fetch, resume: true });
    await act(async () => void (await result.current.start('x', { taskId })));
    await waitFor(() => expect(result.current.status).toBe('completed'));
  });

  it('renders on a server in the initial state, without storage and without a request', () => {
    const getItem = vi.fn();
    vi.stubGlobal('sessionStorage', { getItem, setItem: getItem, removeItem: getItem });
    const { fetch, requests } = scriptFetch(wholeTask);
    expect(renderToString(<Show api={api} fetch={fetch} resume />)).toBe('idle, idle');
    expect(getItem).not.toHaveBeenCalled();
    expect(requests).toHaveLength(0);
  });

  it('renders at most once per frame, and the newest state last, in a storm of 10,000 chunks', async () => {
    let frames: (() => void)[] = [];
    vi.stubGlobal('requestAnimationFrame', (callback: () => void) => frames.push(callback));
    vi.stubGlobal('cancelAnimationFrame', () => {});
    const passFrame = () => {
      const due = frames;
      frames = [];
      act(() => {
        for (const callback of due) callback();
      });
    };
    const task = createOpenTask();
    let renders = 0;
    let shown: Shown | undefined;
    const onRender = (state: Shown) => {
      renders += 1;
      shown = state;
    };
    render(<Show api={api} fetch={task.fetch} resume={taskId} onRender={onRender} />);
    await vi.waitFor(() => expect(task.requests).toHaveLength(1));
    const seen = vi.fn();
    for (let n = 0; n < 10_000; n++) {
      task.send(frame(n, snapshot({ progress: { value: n + 1, total: 10_000 } })));
      if (n % 1000 !== 999) continue;
      // Lets the reader take in what was sent; no frame passes meanwhile.
      await new Promise((resolve) => setImmediate(resolve));
      seen(frames.length);
      const before = renders;
      passFrame();
      expect(renders - before).toBeLessThanOrEqual(1);
    }
    const before = renders;
    expect(seen.mock.calls.every(([pending]) => pending <= 1)).toBe(true);
    task.send(frame(10_000, settle({ status: 'completed' })));
    await new Promise((resolve) => setImmediate(resolve));
    expect(renders).toBe(before);
    passFrame();
    expect(renders).toBe(before + 1);
    expect(shown).toMatchObject({ status: 'completed', percent: 100 });
    expect(renders).toBeLessThanOrEqual(14);
  });

  it('renders at most once per throttleMs', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    try {
      const task = createOpenTask();
      let renders = 0;
      const onRender = () => {
        renders += 1;
      };
      render(
        <Show api={api} fetch={task.fetch} resume={taskId} throttleMs={1000} onRender={onRender} />,
      );
      await act(() => vi.advanceTimersByTimeAsync(1000));
      const before = renders;
      for (let n = 0; n < 30; n++) {
        task.send(frame(n, log(n, 'line')));
        await act(() => vi.advanceTimersByTimeAsync(100));
      }
      expect(renders - before).toBeLessThanOrEqual(4);
      expect(renders - before).toBeGreaterThanOrEqual(2);
    } finally {
      cleanup();
      vi.useRealTimers();
    }
  });

  it('infers input, result and partial results from the task', () => {
    render(<Typed />);
  });
});
