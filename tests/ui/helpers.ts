import { vi } from 'vitest';
import { createTaskStore } from '../../src/ui/create-task-store';
import type { TaskStream, TaskStreamOptions } from '../../src/ui/task-stream-types';
import { onCleanUp } from '../helpers/clean-up';
import { startWireServer, type WireServer } from '../helpers/wire-server';

/** A server that closes when the test is over. */
export async function serve(
  ...parameters: Parameters<typeof startWireServer>
): Promise<WireServer> {
  const server = await startWireServer(...parameters);
  onCleanUp(() => server.close());
  return server;
}

/** `createTaskStore` of a page that was loaded just now. */
export async function freshTaskStore(): Promise<typeof createTaskStore> {
  vi.resetModules();
  return (await import('../../src/ui/create-task-store')).createTaskStore;
}

/** What a store's callbacks were called with, in order. */
export type Calls = [name: 'partial' | 'log' | 'error' | 'settle', ...values: unknown[]][];

/** A store without delays that notes its calls and goes when the test is over. */
export function createStore(options: TaskStreamOptions): { store: TaskStream; calls: Calls } {
  const calls: Calls = [];
  const store = createTaskStore<unknown, unknown>({
    onPartial: (value, index) => calls.push(['partial', index, value]),
    onLog: ({ index, message }) => calls.push(['log', index, message]),
    onError: ({ code }) => calls.push(['error', code]),
    onSettle: ({ status }) => calls.push(['settle', status]),
    ...options,
    reconnect: { initialDelayMs: 0, ...options.reconnect },
  });
  onCleanUp(() => store.dispose());
  return { store, calls };
}

/** Resolves as soon as the state is as wanted. */
export function reached(
  store: TaskStream,
  isWanted: (state: ReturnType<TaskStream['getState']>) => boolean,
): Promise<void> {
  return new Promise((resolve) => {
    const check = () => {
      if (!isWanted(store.getState())) return;
      unsubscribe();
      resolve();
    };
    const unsubscribe = store.subscribe(check);
    check();
  });
}

/** Resolves when the stream has been read to its end, or was left. */
export function closed(store: TaskStream): Promise<void> {
  return reached(store, ({ connection }) => connection === 'closed');
}
