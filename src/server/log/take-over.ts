import type { LogPart } from './log-part';
import type { LogWindow } from './log-window';

/**
 * Adds to a window what was read of its log from the window's end on.
 *
 * @param isOver Whether the task has ended.
 */
export function takeOver(
  window: LogWindow,
  { record, frames, hasMore }: LogPart,
  isOver: boolean,
): void {
  const moveTo = (epoch: number) => {
    while (window.epoch < epoch) {
      const end = record.closedEpochs.get(window.epoch) ?? 0;
      // Frames up to the epoch's end are skipped: a reader that wants them reads the log.
      window.skipTo(end);
      const last = record.rewinds?.get(window.epoch + 1);
      if (last) window.rewind(last, end);
      else window.openEpoch({ end, next: 0 });
    }
  };
  for (const { epoch, offset, frames: added } of frames) {
    if (epoch < window.epoch) continue;
    moveTo(epoch);
    window.skipTo(offset);
    window.add(epoch, offset, added);
  }
  if (!hasMore) {
    moveTo(record.epoch);
    window.skipTo(record.end + 1);
    if (isOver) window.end();
  }
}
