import type { Cursor } from '../../protocol/cursor';
import { preamble } from '../../protocol/frame';
import { createPieceReader } from '../log/piece-reader';
import type { TaskReader } from '../log/task-stream-context';
import { inNextTurn } from '../time/next-turn';
import { createEventEncoder } from './event-encoder';
import { eventsOf } from './events-of';

/** Where the text of a response goes. */
export interface TextSink {
  write(text: string): void;
  /** Nothing follows. */
  end(): void;
  /** Whether the client has stopped reading: then nothing is written unless it was pulled. */
  isFull(): boolean;
}

/** The text of a response. While nobody pulls, nothing is read, encoded or kept. */
export interface TextSource {
  /** Writes what leaves at once. */
  start(sink: TextSink): void;
  /** Writes what comes next, once there is something, or ends the sink. */
  pull(sink: TextSink): Promise<void>;
  /** The client has left. */
  cancel(): void;
}

export interface TextSourceOptions {
  reader: TaskReader;
  /**
   * Opens another reader, should somebody pull long after nobody has: from after the cursor on,
   * or without one from where the first began.
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
 * first leaves with the first frames, or alone when there are none.
 */
export function createTextSource({
  reader,
  openReader,
  taskId,
  heartbeatMs,
  events,
  onCancel,
}: TextSourceOptions): TextSource {
  const encoder = createEventEncoder(events);
  // Where the client waits for what is not there yet.
  let waiting: TextSink | undefined;
  let isBeatDue = true;
  let isCancelled = false;

  const log = createPieceReader({
    reader,
    // That a storage is away, the next request hears.
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
      // What is at hand comes before the next turn, and takes the heartbeat along.
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
      // Whoever was cut off from the log has to come back for the rest of it.
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
