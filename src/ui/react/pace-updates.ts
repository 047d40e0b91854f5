import { longestTimeoutMs } from '../alarm';
import { checkNumbers } from '../check-options';

interface Source<State> {
  getState(): State;
  subscribe(listener: () => void): () => void;
}

/**
 * Shows a store's state at most once per frame, or once per `throttleMs()` milliseconds: `getState`
 * returns the same state in between. The newest state is always shown in the end.
 *
 * @throws TaskError `invalid-options` when `throttleMs()` is no number of 0 or more.
 */
export function paceUpdates<State>(
  source: Source<State>,
  throttleMs: () => number | undefined,
): Source<State> {
  checkNumbers({ throttleMs: throttleMs() }, 0);
  let shown = source.getState();
  let shownAt = Number.NEGATIVE_INFINITY;

  function schedule(show: () => void): () => void {
    const throttle = throttleMs();
    if (throttle !== undefined) {
      const dueInMs = shownAt + throttle - performance.now();
      const timer = setTimeout(show, Math.min(Math.max(0, dueInMs), longestTimeoutMs));
      return () => clearTimeout(timer);
    }
    if (!globalThis.requestAnimationFrame || globalThis.document?.visibilityState === 'hidden') {
      const timer = setTimeout(show, 16);
      return () => clearTimeout(timer);
    }
    const frame = requestAnimationFrame(show);
    // A page that becomes hidden gets no frame, but its title may show the progress.
    const timer = setTimeout(show, 1000);
    return () => {
      cancelAnimationFrame(frame);
      clearTimeout(timer);
    };
  }

  return {
    getState: () => shown,
    subscribe(listener) {
      let cancel: (() => void) | undefined;
      const show = () => {
        cancel?.();
        cancel = undefined;
        shownAt = performance.now();
        shown = source.getState();
        listener();
      };
      const unsubscribe = source.subscribe(() => {
        cancel ??= schedule(show);
      });
      shown = source.getState();
      return () => {
        unsubscribe();
        cancel?.();
      };
    },
  };
}
