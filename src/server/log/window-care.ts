import { nextTurn } from '../time/next-turn';
import type { LogWindow } from './log-window';
import { createWindowTrimmer } from './window-trimmer';

/** Keeps the window of a producer small, but only after readers here had a turn to take its frames. */
export interface WindowCare {
  /** To be called before a frame is added. */
  beforePush(): void;
  /** To be called when frames were added or stored. */
  trimSoon(): void;
}

export function createWindowCare({
  window,
  storedTo,
  maxUnstoredLength,
}: {
  window: LogWindow;
  /** The number of the first frame that is still to be stored. */
  storedTo: () => number;
  /** How many characters are kept for readers while they cannot be stored. */
  maxUnstoredLength: number;
}): WindowCare {
  const trimmer = createWindowTrimmer(window, { maxUnstoredLength });
  // Whether readers have had a turn for all frames before `seenNext`, and the window was not trimmed.
  let isTrimDue = false;
  let isTrimming = false;
  let seenNext = 0;

  const trim = () => {
    isTrimDue = false;
    trimmer.trim(storedTo());
  };

  /** Whether a reader here is about to take frames that may be nowhere else. */
  const isAwaited = () => {
    for (const { position } of window.readers) {
      const isCurrent = position.epoch === window.epoch && position.n >= seenNext;
      if (isCurrent && position.n < window.next) return true;
    }
    return false;
  };

  const trimAfterTurn = async () => {
    isTrimming = true;
    for (let since = -1; since !== window.next; ) {
      since = window.next;
      // Readers are woken in this turn, gather frames until the next one, and take them after it.
      await nextTurn();
      await nextTurn();
      seenNext = since;
      isTrimDue = true;
    }
    isTrimming = false;
    trim();
  };

  return {
    beforePush() {
      if (isTrimDue && !isAwaited()) trim();
    },
    trimSoon() {
      if (trimmer.isDue && !isTrimming) void trimAfterTurn();
    },
  };
}
