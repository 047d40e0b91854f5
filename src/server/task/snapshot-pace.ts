/** Decides when snapshots of a task are sent. */
export interface SnapshotPace {
  /** To be called when the task has changed: sends a snapshot now, or when the interval is over. */
  changed(): void;
  /** Sends the snapshot that is held back, if there is one, at once. */
  flush(): void;
  /** From now on, nothing is sent. */
  end(): void;
}

/** Sends no more than one snapshot per interval, and always the newest one in the end. */
export function createSnapshotPace({
  startedAt,
  now,
  intervalMs,
  send,
}: {
  /** When the first snapshot was sent. Epoch milliseconds. */
  startedAt: number;
  /** Epoch milliseconds. */
  now: () => number;
  intervalMs: number;
  send: () => void;
}): SnapshotPace {
  let sentAt = startedAt;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const sendNow = () => {
    clearTimeout(timer);
    timer = undefined;
    sentAt = now();
    send();
  };

  return {
    changed() {
      if (timer !== undefined) return;
      const dueInMs = sentAt + intervalMs - now();
      if (dueInMs <= 0) sendNow();
      else timer = setTimeout(sendNow, dueInMs);
    },
    flush() {
      if (timer !== undefined) sendNow();
    },
    end: () => clearTimeout(timer),
  };
}
