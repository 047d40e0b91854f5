import { createMemoryStreamContext, drainOnSignal } from 'ai-task-stream/server';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createDeferred, turns } from '../helpers/async';
import { createId, createOwnContext } from '../helpers/tasks';

const undos: (() => void)[] = [];

afterEach(() => {
  for (const undo of undos.splice(0)) undo();
  vi.unstubAllGlobals();
});

/** Gives the process a signal, as far as its listeners see it. */
function signal(name: NodeJS.Signals): void {
  process.emit(name);
}

describe('drainOnSignal', () => {
  it('drains all contexts at SIGTERM, and then says so, once', async () => {
    const contexts = [createOwnContext(), createOwnContext()];
    const work = createDeferred();
    contexts[1]?.draining?.track(work.promise);
    const onDrained = vi.fn();
    undos.push(drainOnSignal(contexts, { onDrained }));
    expect(contexts.map(({ draining }) => draining?.begun.aborted)).toEqual([false, false]);
    signal('SIGTERM');
    expect(contexts.map(({ draining }) => draining?.begun.aborted)).toEqual([true, true]);
    await turns();
    expect(onDrained).not.toHaveBeenCalled();
    work.resolve();
    signal('SIGTERM');
    await vi.waitFor(() => expect(onDrained).toHaveBeenCalledOnce());
  });

  it('listens to the signals that it is given, and takes the time', async () => {
    const context = createOwnContext();
    context.draining?.track(new Promise(() => {}));
    const onDrained = vi.fn();
    const signals = ['SIGUSR2'];
    undos.push(drainOnSignal(context, { signals, timeoutMs: 1, onDrained }));
    signal('SIGTERM');
    expect(context.draining?.begun.aborted).toBe(false);
    signal('SIGUSR2');
    await vi.waitFor(() => expect(onDrained).toHaveBeenCalledOnce());
  });

  it('may be called twice, and be undone', async () => {
    const [context, other] = [createOwnContext(), createOwnContext()];
    const calls: string[] = [];
    undos.push(drainOnSignal(context, { onDrained: () => void calls.push('first') }));
    undos.push(drainOnSignal(context, { onDrained: () => void calls.push('second') }));
    const before = process.listenerCount('SIGTERM');
    drainOnSignal(other, { onDrained: () => void calls.push('undone') })();
    expect(process.listenerCount('SIGTERM')).toBe(before);
    signal('SIGTERM');
    await vi.waitFor(() => expect(calls).toEqual(['first', 'second']));
    expect(other.draining?.begun.aborted).toBe(false);
  });

  it('drains a context of resumable-stream, whose tasks then start no more', async () => {
    const wrapped = { createNewResumableStream: vi.fn(), resumeExistingStream: vi.fn() };
    const onDrained = vi.fn();
    undos.push(drainOnSignal(wrapped as never, { onDrained }));
    signal('SIGTERM');
    await vi.waitFor(() => expect(onDrained).toHaveBeenCalledOnce());
  });

  it('tells of a host whose own part fails', async () => {
    const told = vi.spyOn(console, 'error').mockReturnValue();
    const error = new Error('No.');
    undos.push(
      drainOnSignal(createOwnContext(), {
        onDrained() {
          throw error;
        },
      }),
    );
    signal('SIGTERM');
    await vi.waitFor(() => expect(told).toHaveBeenCalledWith(expect.any(String), error));
    told.mockRestore();
  });

  it('does nothing where there are no signals', () => {
    vi.stubGlobal('process', undefined);
    drainOnSignal(createMemoryStreamContext({ scope: createId() }))();
    vi.stubGlobal('EdgeRuntime', 'edge-runtime');
    vi.stubGlobal('process', {
      get on() {
        throw new Error('A Node.js API is used (process.on) which is not supported.');
      },
    });
    drainOnSignal(createMemoryStreamContext({ scope: createId() }))();
  });

  it('refuses a context that cannot be drained, and a time that is none', () => {
    const { drain: _, draining: __, ...context } = createOwnContext();
    const invalid = expect.objectContaining({ code: 'invalid-options' });
    expect(() => drainOnSignal(context)).toThrow(invalid);
    expect(() => drainOnSignal(createOwnContext(), { timeoutMs: -1 })).toThrow(invalid);
  });
});
