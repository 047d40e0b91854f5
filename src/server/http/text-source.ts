import type { Cursor } from '../../protocol/cursor';
import { preamble } from '../../protocol/frame';
import { createPieceReader } from '../log/piece-reader';
import type { TaskReader } from '../log/task-stream-context';
import { inNextTurn } from '../time/next-turn';
import type { BodySink, BodySource } from './body-source';
import { createEventEncoder } from './event-encoder';
import { eventsOf } from './events-of';

export interface TextSourceOptions {
  reader: TaskReader;
  /**
   * Opens another reader if the client reads on after a long pause, in which the first was closed.
   * The reader begins after the cursor, or without one where the first reader began.
   */
  openReader: (cursor?: Cursor) => Promise<TaskReader | undefined>;
  taskId: string;
  heartbeatMs: number;
  /** Default: events have no names. */
  events?: 'named' | undefined;
  /** Called when the client leaves before the end. */
  onCancel?: () => void;
}

/**
 * Reads a log as the text of a response, with heartbeats in between, which are stored nowhere. The
 * first heartbeat leaves with the first frames, or alone when there are none.
 */
export function createTextSource({
  reader,
  openReader,
  taskId,
  heartbeatMs,
  events,
  onCancel,
}: TextSourceOptions): BodySource<string> {
  const encoder = createEventEncoder(events);
  // The client's sink; set while the client waits for frames that are not there yet.
  let waiting: BodySink<string> | undefined;
  let isBeatDue = true;
  let isCancelled = false;

  const log = createPieceReader({
    reader,
    // If the storage is away, this response ends, and the client's next request is told why.
    openReader: (cursor) => openReader(cursor).catch(() => undefined),
    taskId,
    heartbeatMs,
    piecesOf: (range) => eventsOf(range, encoder),
    onBeat(at) {
      isBeatDue = true;
      beatIfAwaited(at);
    },
  });

  const heartbeat = (at = Date.now()) => {
    isBeatDue = false;
    if (!log.isLive()) return '';
    return encoder.heartbeat({ taskId, at, intervalMs: heartbeatMs });
  };

  /** Heartbeats must not pile up before a client that has stopped reading. */
  const beatIfAwaited = (at?: number) => {
    if (!isBeatDue || !waiting || waiting.isFull()) return;
    const text = heartbeat(at);
    if (text) waiting.write(text);
  };

  return {
    start: (sink) => sink.write(preamble),
    async pull(sink) {
      // Frames at hand come before the next turn, and then the heartbeat leaves with them.
      if (isBeatDue) inNextTurn(beatIfAwaited);
      let text = '';
      try {
        waiting = sink;
        text = (await log.next()) ?? '';
      } finally {
        waiting = undefined;
      }
      if (isCancelled) return;
      const isLast = log.isAtEnd();
      if (isBeatDue) text += heartbeat();
      // Without `done`, a client that was cut off from the log comes back for the rest of it.
      if (isLast && !log.isCut()) text += encoder.done;
      if (text) sink.write(text);
      if (!isLast) return;
      log.close();
      sink.end();
    },
    cancel() {
      isCancelled = true;
      log.close();
      onCancel?.();
    },
  };
}
