import type { LogWindow } from '../../log/log-window';
import { createWindowTrimmer } from '../../log/window-trimmer';
import { nextTurn } from '../../time/next-turn';

/** Keeps the window of a producer small, but not before readers here have had their turn. */
export interface WindowCare {
  /** Called before a frame is added. */
  beforePush(): void;
  /** Called when frames were added, or stored. */
  trimSoon(): void;
}

export function createWindowCare({
  window,
  storedTo,
  maxUnstoredLength,
}: {
  window: LogWindow;
  /** The frames before this one are stored, or will not be any more. */
  storedTo: () => number;
  /** How many characters are kept for readers while they cannot be stored. */
  maxUnstoredLength: number;
}): WindowCare {
  const trimmer = createWindowTrimmer(window, { maxUnstoredLength });
  // Readers here have had a turn for all frames before `seenNext`, since the window was trimmed.
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
      // They are woken in this one, and gather until the next.
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
