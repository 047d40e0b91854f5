import type { LogPart } from './log-part';
import type { LogWindow } from './log-window';

/**
 * Takes into a window what was read of a log where the window ends; whether there was anything new in
 * it.
 *
 * @param isOver Whether the task has ended.
 */
export function takeOver(
  window: LogWindow,
  { record, frames, hasMore }: LogPart,
  isOver: boolean,
): boolean {
  const before = { epoch: window.epoch, next: window.next };
  const moveTo = (epoch: number) => {
    while (window.epoch < epoch) {
      const end = record.closedEpochs.get(window.epoch) ?? 0;
      // What is missing is not at hand; readers that want it ask the log, and are told.
      window.skipTo(end);
      window.openEpoch({ end, next: 0 });
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
  return window.epoch !== before.epoch || window.next !== before.next;
}
