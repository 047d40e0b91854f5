import { TaskError } from '../protocol/index';
import { createManualTimers } from './manual-timers';

/** The time of a test, which stands still until `advance` is called. */
export interface ManualClock {
  /** Epoch milliseconds. */
  readonly now: number;
  /**
   * Lets `ms` milliseconds pass: timers fire in their order, and after each timer the event loop gets
   * some turns. Does not wait for networks. Rejects with what a timer's callback throws.
   */
  advance(ms: number): Promise<void>;
  /** Gives the process its own time back. Timers that wait do not fire any more. Idempotent. */
  uninstall(): void;
}

/** Options of `createManualClock`. */
export interface ManualClockOptions {
  /** The time at which the clock stands, in epoch milliseconds. Default: the present time. */
  now?: number;
}

/** How many turns of the event loop work gets after each timer: streams hand over chunks by turns. */
const turnCount = 10;

let isInstalled = false;

/**
 * Stops the time of this process until `uninstall`: `Date`, `performance.now`, and the global
 * `setTimeout`, `setInterval`, `clearTimeout` and `clearInterval`, for all code that uses them.
 * Deadlines, heartbeats, grace periods and retention then take as long as the test says.
 * `setImmediate`, microtasks, `AbortSignal.timeout` and `node:timers` go on as they are.
 *
 * @throws TaskError `invalid-options` while there is another manual clock.
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

/** Replaces a property; the function that is returned puts the original back. */
function replace(target: object, name: string, value: unknown): () => void {
  const own = Object.getOwnPropertyDescriptor(target, name);
  Object.defineProperty(target, name, { value, configurable: true, writable: true });
  return () => {
    if (own) Object.defineProperty(target, name, own);
    else Reflect.deleteProperty(target, name);
  };
}
