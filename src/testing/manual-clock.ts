import { TaskError } from '../protocol/index';
import { createManualTimers } from './manual-timers';

/** The time of a test, which stands still until it is let pass. */
export interface ManualClock {
  /** Epoch milliseconds. */
  readonly now: number;
  /**
   * Lets so many milliseconds pass: timers fire in their order, and after each of them whatever the
   * event loop has to do is done. It does not wait for networks.
   *
   * Rejects with what a timer has thrown.
   */
  advance(ms: number): Promise<void>;
  /** Gives the process its own time back. Timers that wait do not fire any more. Idempotent. */
  uninstall(): void;
}

/** Options of `createManualClock`. */
export interface ManualClockOptions {
  /** What time it is, in epoch milliseconds. Default: what it is. */
  now?: number;
}

/** How many turns of the event loop work may take that needs no time: streams hand over by turns. */
const turnCount = 10;

let isInstalled = false;

/**
 * Stops the time of this process: `Date`, `performance.now`, and the global `setTimeout`,
 * `setInterval` and what clears them, for everybody who uses them, from now on until `uninstall`.
 * Deadlines, heartbeats, grace periods and retention then take as long as the test says.
 * `setImmediate`, microtasks, `AbortSignal.timeout` and `node:timers` go on as they are.
 *
 * @throws TaskError `invalid-options` while there is another one.
 */
export function createManualClock({
  now: startAt = Date.now(),
}: ManualClockOptions = {}): ManualClock {
  if (isInstalled) {
    throw new TaskError({
      code: 'invalid-options',
      message: 'There is a manual clock already. Call its `uninstall` before you create another.',
    });
  }
  isInstalled = true;
  let now = startAt;
  let restores: (() => void)[] = [];

  const { Date: RealDate, setImmediate } = globalThis;
  const timers = createManualTimers(() => now);
  const origin = performance.now() - now;
  const ManualDate = new Proxy(RealDate, {
    construct: (target, given, self) =>
      Reflect.construct(target, given.length > 0 ? given : [now], self),
    apply: () => new RealDate(now).toString(),
    get: (target, name) => (name === 'now' ? () => now : Reflect.get(target, name)),
  });
  restores = [
    replace(globalThis, 'Date', ManualDate),
    replace(performance, 'now', () => origin + now),
    ...Object.entries(timers.functions).map(([name, manual]) => replace(globalThis, name, manual)),
  ];

  const settle = async () => {
    for (let turn = 0; turn < turnCount; turn++) {
      await new Promise<void>((resolve) => void setImmediate(resolve));
    }
  };

  return {
    get now() {
      return now;
    },
    async advance(ms) {
      const until = now + ms;
      await settle();
      for (;;) {
        const dueAt = timers.nextDue(until);
        if (dueAt === undefined) break;
        now = Math.max(now, dueAt);
        timers.fireNext();
        await settle();
      }
      now = until;
    },
    uninstall() {
      if (restores.length === 0) return;
      for (const restore of restores.splice(0)) restore();
      isInstalled = false;
    },
  };
}

/** Puts something in the place of a property; the function that is returned puts it back. */
function replace(target: object, name: string, value: unknown): () => void {
  const own = Object.getOwnPropertyDescriptor(target, name);
  Object.defineProperty(target, name, { value, configurable: true, writable: true });
  return () => {
    if (own) Object.defineProperty(target, name, own);
    else Reflect.deleteProperty(target, name);
  };
}
