import type { OutcomeClaiming } from '../log/outcome-claim';
import { type MemoryLog, type MemoryState, releaseLog } from './memory-state';

/** After how many milliseconds to ask again for an outcome that somebody else is telling the host. */
const heldMs = 250;

/** To be called when nobody tells the host any more: it has the outcome, or others may claim it. */
export function releaseOutcome(state: MemoryState, log: MemoryLog, isSaved: boolean): void {
  log.isHeld = false;
  if (!isSaved) return;
  state.openTasks.delete(log);
  log.isUnsaved = false;
  log.continued = undefined;
}

/** Claims an outcome to tell the host. Without a lease: the log is lost with the process that tells. */
export function claimOutcome(state: MemoryState, log: MemoryLog): OutcomeClaiming | undefined {
  if (!log.isUnsaved) return undefined;
  if (log.settledAt === undefined) return { kind: 'running' };
  if (log.isHeld) return { kind: 'held', waitMs: heldMs };
  log.isHeld = true;
  return {
    kind: 'claimed',
    claim: {
      continued: log.continued,
      async release({ isSaved }) {
        releaseOutcome(state, log, isSaved);
        if (isSaved) releaseLog(state, log);
      },
    },
  };
}
