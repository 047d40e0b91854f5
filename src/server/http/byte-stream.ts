import { compactReplay, type NumberedFrame } from '../../protocol/compact-replay';
import { preamble } from '../../protocol/frame';
import type { FrameRange, TaskReader } from '../context/task-stream-context';
import { nextTurn } from '../next-turn';
import { createEventEncoder, type EventEncoder } from './event-encoder';

/** About how many characters leave in one write, when more is pending. */
const maxWriteLength = 64 * 1024;

/** Takes frames out of a range, as many as fit in one write. */
interface RangeCursor {
  readonly isDone: boolean;
  /** SSE text of the next frames. */
  next(maxLength: number): string;
}

function openRange(range: FrameRange, encoder: EventEncoder): RangeCursor {
  const { epoch, data, offset, start, end, isReplay } = range;
  const frameAt = (n: number) => data[n - offset] ?? '';
  if (!isReplay) {
    let n = start;
    return {
      get isDone() {
        return n >= end;
      },
      next(maxLength) {
        const first = n;
        const known = encoder.pieces.at(data, first);
        // Made for a whole write, it is for another one.
        const fits = known && (known.text.length <= maxLength || maxLength === maxWriteLength);
        if (fits && known.end <= end) {
          n = known.end;
          return known.text;
        }
        let text = '';
        while (n < end && text.length < maxLength) {
          text += encoder.frame(epoch, n, frameAt(n));
          n++;
        }
        encoder.pieces.note(data, first, { end: n, text });
        return text;
      },
    };
  }
  const frames = compactReplay(frameAt, start, end);
  let upcoming: IteratorResult<NumberedFrame, undefined> = frames.next();
  return {
    get isDone() {
      return upcoming.done === true;
    },
    next(maxLength) {
      let text = '';
      while (!upcoming.done && text.length < maxLength) {
        text += encoder.frame(epoch, upcoming.value.n, upcoming.value.data);
        upcoming = frames.next();
      }
      return text;
    },
  };
}

/**
 * The body of a response: one pull-driven byte stream in which everything pending leaves in one
 * write. While nobody pulls, nothing is read, encoded or kept. Heartbeats are made here and are
 * stored nowhere; the first leaves with the first frames.
 */
export function createByteStream({
  reader,
  taskId,
  heartbeatMs,
  events,
  onCancel,
}: {
  reader: TaskReader;
  taskId: string;
  heartbeatMs: number;
  /** Default: events have no names. */
  events?: 'named';
  /** Called when the client leaves before the end. */
  onCancel?: () => void;
}): ReadableStream<Uint8Array> {
  const bytes = new TextEncoder();
  const encoder = createEventEncoder(events);
  let range: RangeCursor | undefined;
  let timer: ReturnType<typeof setInterval> | undefined;
  // Whether somebody waits for bytes that are not there yet.
  let isWaiting = false;
  let isHeartbeatDue = true;
  let isCancelled = false;

  const heartbeat = () => {
    isHeartbeatDue = false;
    if (!reader.isAlive || reader.isEnded) return '';
    return encoder.heartbeat({ taskId, at: Date.now(), intervalMs: heartbeatMs });
  };

  const pending = () => {
    let text = '';
    while (text.length < maxWriteLength) {
      if (!range || range.isDone) {
        const next = reader.take();
        if (!next) break;
        range = openRange(next, encoder);
      }
      text += range.next(maxWriteLength - text.length);
    }
    return text;
  };

  const dispose = () => {
    clearInterval(timer);
    reader.close();
  };

  const fill = async (controller: ReadableStreamDefaultController<Uint8Array>) => {
    timer ??= setInterval(() => {
      isHeartbeatDue = true;
      // Heartbeats must not pile up before a client that has stopped reading.
      if (!isWaiting || (controller.desiredSize ?? 0) < 0) return;
      const text = heartbeat();
      if (text) controller.enqueue(bytes.encode(text));
    }, heartbeatMs);
    let text = pending();
    if (isHeartbeatDue) text += heartbeat();
    while (text === '' && !reader.isEnded) {
      isWaiting = true;
      await reader.wait();
      await nextTurn();
      isWaiting = false;
      if (isCancelled) return;
      text = pending();
    }
    const isDone = reader.isEnded && (range?.isDone ?? true);
    if (isDone) text += encoder.done;
    if (text) controller.enqueue(bytes.encode(text));
    if (!isDone) return;
    dispose();
    controller.close();
  };

  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        controller.enqueue(bytes.encode(preamble));
      },
      pull: (controller) =>
        fill(controller).catch((error) => {
          dispose();
          throw error;
        }),
      cancel() {
        isCancelled = true;
        dispose();
        onCancel?.();
      },
    },
    { highWaterMark: 0 },
  );
}
