import { compactReplay, type NumberedFrame } from '../../protocol/compact-replay';
import type { Cursor } from '../../protocol/cursor';
import { framePrefix, preamble } from '../../protocol/frame';
import { holdReader } from '../log/held-reader';
import type { FrameRange, TaskReader } from '../log/task-stream-context';
import { createEventEncoder, type EventEncoder } from './event-encoder';

/** About how many characters leave in one write, when more is pending. */
const maxWriteLength = 64 * 1024;

/** The frames of a range that is replayed, compacted, a write at a time. */
interface CompactText {
  readonly isDone: boolean;
  /** One past the last frame that was handed out, or that one of those stands for. */
  readonly sentTo: number;
  /** SSE text of the next frames. */
  next(maxLength: number): string;
}

function compactText(
  { data, offset, start, end }: FrameRange,
  prefix: string,
  encoder: EventEncoder,
): CompactText {
  const frames = compactReplay((n) => data[n - offset] ?? '', start, end);
  let upcoming: IteratorResult<NumberedFrame, undefined> = frames.next();
  let sentTo = start;
  return {
    get isDone() {
      return upcoming.done === true;
    },
    get sentTo() {
      return upcoming.done ? end : sentTo;
    },
    next(maxLength) {
      let text = '';
      while (!upcoming.done && text.length < maxLength) {
        text += encoder.frame(prefix, upcoming.value.n, upcoming.value.data);
        sentTo = upcoming.value.n + 1;
        upcoming = frames.next();
      }
      return text;
    },
  };
}

/**
 * The body of a response: one pull-driven byte stream in which everything pending leaves in one
 * write. While nobody pulls, nothing is read, encoded or kept; after a while not even the reader.
 * Heartbeats are made here and are stored nowhere; the first leaves with the first frames.
 */
export function createByteStream({
  reader: firstReader,
  openReader,
  taskId,
  heartbeatMs,
  events,
  onCancel,
}: {
  reader: TaskReader;
  /**
   * Opens another reader, should somebody pull long after nobody has: from after the cursor on,
   * or without one from where the first began.
   */
  openReader: (cursor?: Cursor) => Promise<TaskReader | undefined>;
  taskId: string;
  heartbeatMs: number;
  /** Default: events have no names. */
  events?: 'named';
  /** Called when the client leaves before the end. */
  onCancel?: () => void;
}): ReadableStream<Uint8Array> {
  const bytes = new TextEncoder();
  const encoder = createEventEncoder(events);
  // What is being sent: a range and its next frame; `replay` instead of that, if it is replayed.
  let range: FrameRange | undefined;
  let n = 0;
  // Of the range's epoch, which seldom changes.
  let epoch: number | undefined;
  let prefix = '';
  let replay: CompactText | undefined;
  // The last frame of the ranges before, which the client has been sent.
  let cursor: Cursor | undefined;
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  // Whether somebody waits for bytes that are not there yet.
  let isWaiting = false;
  let isHeartbeatDue = true;
  let isCancelled = false;

  const held = holdReader({
    reader: firstReader,
    heartbeatMs,
    // That a storage is away, the next request hears.
    openReader: () => openReader(cursor).catch(() => undefined),
    onLetGo() {
      isHeartbeatDue = true;
      leaveRange();
    },
    onBeat() {
      isHeartbeatDue = true;
      // Heartbeats must not pile up before a client that has stopped reading.
      if (!isWaiting || (controller?.desiredSize ?? 0) < 0) return;
      const text = heartbeat();
      if (text) controller?.enqueue(bytes.encode(text));
    },
  });

  /** Forgets the range, but not how much of it was sent. */
  const leaveRange = () => {
    const sentTo = replay ? replay.sentTo : n;
    if (range && sentTo > range.start) cursor = { epoch: range.epoch, n: sentTo - 1 };
    range = undefined;
    replay = undefined;
  };

  const heartbeat = () => {
    isHeartbeatDue = false;
    const { reader } = held;
    if (!reader?.isAlive || reader.isEnded) return '';
    return encoder.heartbeat({ taskId, at: Date.now(), intervalMs: heartbeatMs });
  };

  const isRangeDone = () => (replay ? replay.isDone : !range || n >= range.end);

  /** SSE text of the next frames of a range, as they are. */
  const nextText = ({ data, offset, end }: FrameRange, maxLength: number) => {
    const start = n;
    const known = encoder.pieces.at(data, start);
    // Made for a whole write, it is for another one.
    const fits = known && (known.text.length <= maxLength || maxLength === maxWriteLength);
    if (fits && known.end <= end) {
      n = known.end;
      return known.text;
    }
    let text = '';
    for (; n < end && text.length < maxLength; n++) {
      text += encoder.frame(prefix, n, data[n - offset] ?? '');
    }
    encoder.pieces.note(data, { start, end: n, text });
    return text;
  };

  /** Goes over to a range, if there is one. */
  const begin = (next: FrameRange | undefined) => {
    leaveRange();
    range = next;
    if (!next) return;
    n = next.start;
    if (next.epoch !== epoch) {
      epoch = next.epoch;
      prefix = framePrefix(epoch);
    }
    replay = next.isReplay ? compactText(next, prefix, encoder) : undefined;
  };

  const pending = (reader: TaskReader) => {
    let text = '';
    while (text.length < maxWriteLength) {
      if (isRangeDone()) begin(reader.take());
      if (!range) break;
      const maxLength = maxWriteLength - text.length;
      if (replay) text += replay.next(maxLength);
      else text += nextText(range, maxLength);
    }
    return text;
  };

  const fill = async (target: ReadableStreamDefaultController<Uint8Array>) => {
    const reader = held.use() ?? (await held.open());
    if (isCancelled) return;
    if (!reader) {
      // Without the end mark, so that the client asks for the rest.
      held.close();
      target.close();
      return;
    }
    let text = pending(reader);
    if (isHeartbeatDue) text += heartbeat();
    while (text === '' && !reader.isEnded) {
      isWaiting = true;
      const { value } = await reader.next();
      isWaiting = false;
      if (isCancelled) return;
      begin(value);
      text = pending(reader);
    }
    const isDone = reader.isEnded && isRangeDone();
    // Whoever was cut off from the log has to come back for the rest of it.
    if (isDone && !reader.isCut) text += encoder.done;
    if (text) target.enqueue(bytes.encode(text));
    if (!isDone) return held.rest();
    held.close();
    target.close();
  };

  return new ReadableStream<Uint8Array>(
    {
      start(own) {
        controller = own;
        controller.enqueue(bytes.encode(preamble));
      },
      pull: (own) =>
        fill(own).catch((error) => {
          held.close();
          throw error;
        }),
      cancel() {
        isCancelled = true;
        held.close();
        onCancel?.();
      },
    },
    { highWaterMark: 0 },
  );
}
