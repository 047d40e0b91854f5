import { createDeferred } from '../time/deferred';
import { later } from '../time/later';

/** A source of strings for the pump of the package `resumable-stream`. */
export interface GuardedSource {
  /** Never errors. */
  readonly stream: ReadableStream<string>;
  /** Resolves once the pump has dealt with the end, or has failed at it for too long. */
  readonly finished: Promise<void>;
}

/** The pauses after which a failed pump is run again, in milliseconds; the last one repeats. */
const retryDelaysMs = [100, 250, 500, 1_000, 2_000];

/** How often a pump may fail at the end of the source. */
const maxFailuresAtEnd = 60;

/**
 * Makes a source for the pump of `resumable-stream`.
 *
 * That pump reads with `reader.read().then(async (result) => …)` and ignores the promise that `then`
 * returns: when the callback fails, because something could not be published, the host gets an
 * unhandled rejection and the pump stands still for good. So the reader of this stream returns
 * promises whose `then` handles that failure, and calls the same callback again with the next string
 * after a while. The string that was not published is in the pump's history already; readers notice
 * that it is missing, and ask for it.
 *
 * @param options.next Resolves with the next string; `undefined` at the end. Must not reject.
 * @param options.onFailure Called when the last string has not reached everybody.
 */
export function createGuardedSource({
  next,
  onFailure,
}: {
  next: () => Promise<string | undefined>;
  onFailure: () => void;
}): GuardedSource {
  const { promise: finished, resolve: finish } = createDeferred();
  let failures = 0;
  // Whether the pump reads by `read().then(…)`, which alone can be guarded.
  let isGuarded = false;

  const stream = new ReadableStream<string>(
    {
      async pull(controller) {
        const text = await next();
        if (text !== undefined) {
          controller.enqueue(text);
          return;
        }
        controller.close();
        if (!isGuarded) finish();
      },
      cancel() {
        finish();
      },
    },
    { highWaterMark: 0 },
  );

  const getReader = stream.getReader.bind(stream);
  const getGuardedReader = (): ReadableStreamDefaultReader<string> => {
    const reader = getReader();
    const read = reader.read.bind(reader);
    const guardedRead = () => {
      const result = read();
      const then = result.then.bind(result);
      const guardedThen: typeof result.then = (onFulfilled, onRejected) => {
        isGuarded = true;
        let isAtEnd = false;
        then(({ done }) => {
          isAtEnd = done;
        });
        const handled = then(onFulfilled, onRejected);
        handled.then(
          () => {
            failures = 0;
            if (isAtEnd) finish();
          },
          () => {
            failures++;
            onFailure();
            if (isAtEnd && failures >= maxFailuresAtEnd) {
              finish();
              return;
            }
            const delayMs = retryDelaysMs[Math.min(failures, retryDelaysMs.length) - 1];
            later(() => guardedRead().then(onFulfilled, onRejected), delayMs ?? 0);
          },
        );
        return handled;
      };
      return Object.defineProperty(result, 'then', { value: guardedThen });
    };
    return Object.defineProperty(reader, 'read', { value: guardedRead });
  };
  return {
    stream: Object.defineProperty(stream, 'getReader', { value: getGuardedReader }),
    finished,
  };
}
