import type { Draining } from '../log/draining';
import { atMost } from '../time/at-most';
import { createDeferred } from '../time/deferred';
import { pause } from '../time/pause';
import type { Supervision } from './supervision';

/** How many tasks are looked at in a round, at most. */
const maxPerRound = 200;

/** The longest pause while the storage is away, in milliseconds. */
const maxPauseMs = 60_000;

/** How often tasks are waited for that have lost their process, before others may take them. */
const maxLostRounds = 4;

/** Rounds that follow each other until somebody ends them. */
export interface Rounds {
  /** Begins no further round. Resolves when the one under way is over. Idempotent. */
  stop(): Promise<void>;
}

interface RoundsOptions {
  supervision: Supervision;
  heartbeatMs: number;
  draining: Draining | undefined;
  report: (error: unknown) => void;
}

/**
 * How many tasks to ask for: not many more than can be taken, where more wait than may run, because
 * those that are not taken are looked at in vain.
 */
function limitAfter(isFull: boolean): number {
  return isFull ? maxPerRound / 10 : maxPerRound;
}

/** Makes a round in each heartbeat interval, and at once where there is more to do. Never rejects. */
export function startRounds({ supervision, heartbeatMs, draining, report }: RoundsOptions): Rounds {
  let isStopped = false;
  let isFull = false;
  let failures = 0;
  // Resolves when the pause between two rounds is to end.
  let waking = createDeferred();

  const wake = () => {
    waking.resolve();
    waking = createDeferred();
  };

  const isOver = () => isStopped || draining?.begun.aborted === true;

  /** Makes a round, and gives how long to wait before the next one, in milliseconds. */
  const round = async (): Promise<number> => {
    try {
      const end = await supervision.round(limitAfter(isFull));
      failures = 0;
      ({ isFull } = end);
      // Supervisors that have begun together do not go on together.
      return end.hasMore && !isFull ? 0 : heartbeatMs * (0.75 + Math.random() / 2);
    } catch (error) {
      report(error);
      isFull = false;
      return Math.min(heartbeatMs * 2 ** Math.min(failures++, 10), maxPauseMs);
    }
  };

  const run = async () => {
    while (!isOver()) {
      const ms = await round();
      if (!isOver()) await Promise.race([pause(ms), waking.promise]);
    }
  };

  supervision.whenOver(() => {
    if (isFull) wake();
  });
  const forget = draining?.whenBegun(wake);
  const running = run().finally(() => forget?.());
  return {
    async stop() {
      isStopped = true;
      wake();
      await running;
    },
  };
}

/**
 * Makes rounds until all that was due is looked at, and waits for what was taken. Tasks that have lost
 * their process are waited for until they can be taken.
 *
 * @throws TaskError `context-unavailable` when a round cannot be made.
 */
export async function makeRounds({
  supervision,
  heartbeatMs,
  draining,
}: Omit<RoundsOptions, 'report'>): Promise<void> {
  const { promise: begun, resolve } = createDeferred();
  const forget = draining?.whenBegun(resolve);
  try {
    for (let lostRounds = 0; !draining?.begun.aborted; ) {
      const { hasMore, isFull, hasLost } = await supervision.round(maxPerRound);
      if (isFull) break;
      if (hasMore) continue;
      if (!hasLost || ++lostRounds > maxLostRounds) break;
      await atMost(heartbeatMs, begun);
    }
  } finally {
    forget?.();
    await supervision.over();
  }
}
