import type { LogWindow } from '../../log/log-window';
import type { StoredLog } from '../scripts/stored-log';

/** Takes what a look at a log has brought into a window; whether there was anything new in it. */
export function takeOver(window: LogWindow, { record, frames, hasMore }: StoredLog): boolean {
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
    if (record.status !== 'running') window.end();
  }
  return window.epoch !== before.epoch || window.next !== before.next;
}
