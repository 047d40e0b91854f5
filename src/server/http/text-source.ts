import type { Cursor } from '../../protocol/cursor';
import { preamble } from '../../protocol/frame';
import type { Draining } from '../log/draining';
import { createPieceReader, type Waiting } from '../log/piece-reader';
import type { TaskReader } from '../log/task-reader';
import { inNextTurn } from '../time/next-turn';
import type { BodySink, BodySource } from './body-source';
import { createEventEncoder } from './event-encoder';
import { eventsOf } from './events-of';
import { leaveInTime } from './leave-in-time';

/** A response that finds that its task waits for a process. */
export interface WaitingResponse extends Waiting {
  /** Ends the response as one that is cut, so that its client asks again. Idempotent. */
  end(): void;
}

/** Is told what becomes of a response. */
export interface ResponseWatch {
  /** Called with each heartbeat that tells that the task waits for a process. */
  onWaiting?: ((response: WaitingResponse) => void) | undefined;
  /** Called when the log is left: at the end, and when nobody has read for long. */
  onLeave?: (() => void) | undefined;
}

export interface TextSourceOptions extends ResponseWatch {
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
  /** Ends the response before its process ends. Default: nothing does. */
  draining: Draining | undefined;
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
  draining,
  onWaiting,
  onLeave,
}: TextSourceOptions): BodySource<string> {
  const encoder = createEventEncoder(events);
  let sink: BodySink<string>;
  let isBeatDue = true;
  let hasEnded = false;

  const end = () => {
    if (hasEnded) return;
    hasEnded = true;
    log.close();
    sink.end();
  };

  const leaving = leaveInTime(draining, end);

  const log = createPieceReader<string>({
    reader,
    // If the storage is away, this response ends, and the client's next request is told why.
    openReader: (cursor) => openReader(cursor).catch(() => undefined),
    ...{ taskId, heartbeatMs },
    onLeave() {
      leaving.exit();
      onLeave?.();
    },
    ...(onWaiting && { onWaiting: (waiting) => onWaiting({ ...waiting, end }) }),
    piecesOf: (range) => eventsOf(range, encoder),
    onPiece(events = '') {
      const isLast = log.isAtEnd();
      let text = isBeatDue ? events + heartbeat() : events;
      // Without `done`, a client that was cut off from the log comes back for the rest of it.
      if (isLast && !log.isCut()) text += encoder.done;
      if (text) sink.write(text);
      if (isLast) end();
    },
    onBeat(at) {
      isBeatDue = true;
      beatIfAwaited(at);
    },
  });

  const heartbeat = (at = Date.now()) => {
    isBeatDue = false;
    const data = log.heartbeat(at);
    return data ? encoder.heartbeat(data) : '';
  };

  /** Heartbeats must not pile up before a client that has stopped reading. */
  const beatIfAwaited = (at?: number) => {
    if (!isBeatDue || !log.isAwaited() || sink.isFull()) return;
    const text = heartbeat(at);
    if (text) sink.write(text);
  };

  return {
    start(to) {
      sink = to;
      sink.write(preamble);
    },
    pull() {
      leaving.stay();
      // Frames at hand come before the next turn, and then the heartbeat leaves with them.
      if (isBeatDue) inNextTurn(beatIfAwaited);
      return log.pull();
    },
    cancel() {
      hasEnded = true;
      log.close();
      onCancel?.();
    },
  };
}
