import { afterEach } from 'vitest';
import { createTaskStore } from '../../src/ui/create-task-store';
import type { TaskStream, TaskStreamOptions } from '../../src/ui/task-stream-types';
import { startWireServer, type WireServer } from '../helpers/wire-server';

const cleanups: (() => unknown)[] = [];

// Not `onTestFinished`, which comes after the check that nothing is left running.
afterEach(async () => {
  for (const cleanUp of cleanups.splice(0).reverse()) await cleanUp();
});

/** Calls it when the test is over; what was given last comes first. */
export function onCleanUp(cleanUp: () => unknown): void {
  cleanups.push(cleanUp);
}

/** A server that closes when the test is over. */
export async function serve(
  ...parameters: Parameters<typeof startWireServer>
): Promise<WireServer> {
  const server = await startWireServer(...parameters);
  cleanups.push(() => server.close());
  return server;
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
  cleanups.push(() => store.dispose());
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
