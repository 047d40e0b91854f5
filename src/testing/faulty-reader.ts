import type { TaskReader } from '../server/index';
import type { FaultPlan } from './fault-plan';

/** A reader as a schedule of faults treats it. */
export function createFaultyReader({
  reader,
  plan,
  isProducerGone,
}: {
  reader: TaskReader;
  plan: FaultPlan;
  isProducerGone: () => boolean;
}): TaskReader {
  let isCut = false;
  return {
    take() {
      const range = isCut ? undefined : reader.take();
      if (!range) return undefined;
      const handed = plan.cutWithin(range.end - range.start);
      if (handed === undefined) return range;
      isCut = true;
      reader.close();
      return handed > 0 ? { ...range, end: range.start + handed } : undefined;
    },
    wait: () => (isCut ? Promise.resolve() : plan.wait(() => reader.wait())),
    get isEnded() {
      return isCut || reader.isEnded;
    },
    get isCut() {
      return isCut || (reader.isCut ?? false);
    },
    get isAlive() {
      return reader.isAlive && !isProducerGone();
    },
    close: () => reader.close(),
  };
}
