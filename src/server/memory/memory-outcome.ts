import type { OutcomeClaiming } from '../log/task-stream-context';
import type { MemoryLog } from './memory-state';

/** How soon it is worth while to ask again for an outcome that somebody else tells of. */
const heldMs = 250;

/** Ends the telling of an outcome; the host has it, or somebody else may try. */
export function releaseOutcome(log: MemoryLog, isSaved: boolean): void {
  log.isHeld = false;
  if (!isSaved) return;
  log.isUnsaved = false;
  log.continued = undefined;
}

/** Claims the telling of an outcome. It needs no lease: whoever tells lives and dies with the log. */
export function claimOutcome(log: MemoryLog): OutcomeClaiming | undefined {
  if (!log.isUnsaved) return undefined;
  if (log.settledAt === undefined) return { kind: 'running' };
  if (log.isHeld) return { kind: 'held', waitMs: heldMs };
  log.isHeld = true;
  return {
    kind: 'claimed',
    claim: {
      continued: log.continued,
      async release({ isSaved }) {
        releaseOutcome(log, isSaved);
      },
    },
  };
}
