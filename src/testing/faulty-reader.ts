import type { FrameRange, TaskReader } from '../server/index';
import type { FaultPlan } from './fault-plan';

/** Wraps a reader so that it has the faults of a schedule. */
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

  const handOut = (range: FrameRange | undefined) => {
    if (isCut || !range) return undefined;
    const handed = plan.cutWithin(range.end - range.start);
    if (handed === undefined) return range;
    isCut = true;
    reader.close();
    return handed > 0 ? { ...range, end: range.start + handed } : undefined;
  };

  const faulty: TaskReader = {
    take: () => (isCut ? undefined : handOut(reader.take())),
    async next() {
      const { value } = await plan.next(() => reader.next());
      const range = handOut(value);
      return range ? { value: range, done: false } : { value: undefined, done: true };
    },
    [Symbol.asyncIterator]: () => faulty,
    get isEnded() {
      return isCut || reader.isEnded;
    },
    get isCut() {
      return isCut || (reader.isCut ?? false);
    },
    get isAlive() {
      // A task that waits has no producer, and its readers wait with it.
      return reader.isAlive && (reader.isWaiting === true || !isProducerGone());
    },
    get isWaiting() {
      return reader.isWaiting ?? false;
    },
    get isAfterLoss() {
      return reader.isAfterLoss ?? false;
    },
    onWaiting: (listener) => reader.onWaiting?.(listener),
    close: () => reader.close(),
  };
  return faulty;
}
