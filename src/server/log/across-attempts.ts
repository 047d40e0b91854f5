import type { Cursor } from '../../protocol/cursor';
import type { FrameRange, TaskReader } from './task-reader';

/**
 * A reader that goes on where the given one is cut, such as by the next attempt of a task when frames
 * that it has given are void: then the rewind comes next. For consumers in this process, which have
 * nobody that would ask again. It ends when it is cut twice at one place.
 *
 * @param open Opens a reader behind a frame.
 * @param from The frame behind which the given reader begins. Default: none.
 */
export function acrossAttempts(
  first: TaskReader,
  open: (after: Cursor) => Promise<TaskReader | undefined>,
  from?: Cursor,
): TaskReader {
  let reader = first;
  let last = from;
  // Whether the present reader has been opened behind `last`, and has given nothing.
  let isStuck = false;
  let isClosed = false;
  let tellWaiting: (() => void) | undefined;

  const note = (range: FrameRange | undefined) => {
    if (!range) return range;
    last = { epoch: range.epoch, n: range.end - 1 };
    isStuck = false;
    return range;
  };

  const canGoOn = () => !isClosed && !isStuck && last !== undefined && reader.isCut === true;

  const across: TaskReader = {
    take: () => note(reader.take()),
    async next() {
      for (;;) {
        const range = note((await reader.next()).value);
        if (range) return { value: range, done: false };
        const other = canGoOn() && last ? await open(last) : undefined;
        if (isClosed) other?.close();
        if (!other || isClosed) return { value: undefined, done: true };
        reader.close();
        reader = other;
        if (tellWaiting) reader.onWaiting?.(tellWaiting);
        isStuck = true;
      }
    },
    [Symbol.asyncIterator]: () => across,
    get isEnded() {
      return reader.isEnded && !canGoOn();
    },
    get isCut() {
      return reader.isCut ?? false;
    },
    get isAlive() {
      return reader.isAlive;
    },
    get isWaiting() {
      return reader.isWaiting ?? false;
    },
    get isAfterLoss() {
      return reader.isAfterLoss ?? false;
    },
    onWaiting(listener) {
      tellWaiting = listener;
      reader.onWaiting?.(listener);
    },
    close() {
      isClosed = true;
      reader.close();
    },
  };
  return across;
}
