import { pause } from '../../time/pause';
import type { StoredLog } from '../scripts/stored-log';
import type { LookAtTask } from './loss-watch';

/** The first and the longest pause between looks at a task that is not saved yet, in milliseconds. */
const firstLookMs = 50;
const maxLookMs = 500;

/** How long a storage that is away is asked again, in milliseconds. */
const maxAwayMs = 5_000;

/** How long the tasks are waited for in all, in milliseconds. The caller may wait less. */
const maxWaitMs = 120_000;

/** Whether there is a process that is telling the host a task's outcome, or will tell it. */
function isBeingSaved({ record, leaseLeftMs }: StoredLog): boolean {
  return leaseLeftMs > 0 && (record.status === 'running' || record.isUnsaved);
}

/**
 * Resolves once the tasks are saved, or nobody is there any more to save them. Never rejects.
 *
 * @param options.released Resolves when a task of this process is released; `undefined` for others.
 */
export async function awaitSaved({
  taskIds,
  released,
  look,
  isClosed,
}: {
  taskIds: readonly string[];
  released: (taskId: string) => Promise<void> | undefined;
  look: LookAtTask;
  isClosed: () => boolean;
}): Promise<void> {
  const giveUpAt = performance.now() + maxWaitMs;

  const awaitOne = async (taskId: string) => {
    let awaySince: number | undefined;
    let lookMs = firstLookMs;
    while (!isClosed() && performance.now() < giveUpAt) {
      const local = released(taskId);
      if (local) return local;
      try {
        const log = await look(taskId);
        awaySince = undefined;
        if (!log || !isBeingSaved(log)) return;
      } catch {
        // The storage is away, which the link has reported. After a while the wait is given up.
        awaySince ??= performance.now();
        if (performance.now() - awaySince > maxAwayMs) return;
      }
      await pause(lookMs);
      lookMs = Math.min(2 * lookMs, maxLookMs);
    }
  };

  await Promise.all(taskIds.map(awaitOne));
}
