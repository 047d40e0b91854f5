import * as timers from 'node:timers';

/** A promise that the test settles. */
export interface Deferred<Value = void> {
  readonly promise: Promise<Value>;
  resolve(value: Value): void;
  reject(error: unknown): void;
}

export function createDeferred<Value = void>(): Deferred<Value> {
  let resolve: (value: Value) => void = () => {};
  let reject: (error: unknown) => void = () => {};
  const promise = new Promise<Value>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}

// Taken before any test can install fake ones, and not counted among what a test leaves running.
const { setImmediate, setTimeout } = timers;

/** How many turns of the event loop a wait looks at each of, before it looks once in a while. */
const eagerTurns = 50;

/** The pause between two looks then, in milliseconds: others need the processor, too. */
const lookMs = 1;

/** Lets everything run that is due, some turns of the event loop long. */
export async function turns(count = 5): Promise<void> {
  for (let turn = 0; turn < count; turn++)
    await new Promise<void>((resolve) => setImmediate(resolve));
}

/** Keeps the event loop busy, as if the process stood still. */
export function block(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

/** Resolves once the condition holds. The test's own time limit ends a wait in vain. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (let looks = 0; !(await condition()); looks++) {
    if (looks < eagerTurns) await turns(1);
    else await new Promise<void>((resolve) => setTimeout(resolve, lookMs));
  }
}

/** Resolves when the signal aborts, like work that listens to it. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
