import { onAbort } from './abort';
import { onPageWake } from './page-wake';

/** The longest that `setTimeout` can wait, in milliseconds; a longer timeout fires at once. */
export const longestTimeoutMs = 0x7fffffff;

/** A timer that can be set anew, is set anew when the page wakes, and rings when a signal aborts. */
export interface Alarm {
  /** Resolves when the time is up, or the signal aborts. */
  readonly rung: Promise<void>;
  /** Rings in so many milliseconds from now, whatever was set before; `Infinity` is never. */
  set(ms: number): void;
  /** Removes the timer and all listeners. An alarm that has rung has closed itself. */
  close(): void;
}

/** Creates an alarm. When the page wakes, it is set to the milliseconds that `onWake` returns. */
export function createAlarm(signal: AbortSignal, onWake: () => number): Alarm {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let ring = () => {};
  let removeAbort = () => {};
  const set = (ms: number) => {
    clearTimeout(timer);
    if (signal.aborted) return;
    const restMs = ms - longestTimeoutMs;
    timer = restMs > 0 ? setTimeout(set, longestTimeoutMs, restMs) : setTimeout(ring, ms);
  };
  const close = () => {
    clearTimeout(timer);
    removeWake();
    removeAbort();
  };
  const removeWake = onPageWake(() => set(onWake()));
  const rung = new Promise<void>((resolve) => {
    ring = () => {
      close();
      resolve();
    };
  });
  removeAbort = onAbort(signal, ring);
  return { rung, set, close };
}
