import type { Draining } from '../log/draining';
import { later } from '../time/later';

/** A response that its process waits for, and ends, when the process takes leave. */
export interface LeavingInTime {
  /** To be called whenever somebody reads the response. */
  stay(): void;
  /** To be called when the response has ended, or nobody reads it. */
  exit(): void;
}

const staysForever: LeavingInTime = { stay() {}, exit() {} };

/**
 * Ends a response when its process takes leave, at a random time, so that not all clients come to
 * another process at once.
 *
 * @param end Ends the response as one that is cut.
 */
export function leaveInTime(draining: Draining | undefined, end: () => void): LeavingInTime {
  if (!draining) return staysForever;
  let hasEntered = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const response = {
    leave(withinMs: number) {
      timer ??= later(end, Math.random() * withinMs);
    },
  };
  return {
    stay() {
      if (hasEntered) return;
      hasEntered = true;
      draining.enter(response);
    },
    exit() {
      hasEntered = false;
      clearTimeout(timer);
      timer = undefined;
      draining.exit(response);
    },
  };
}
