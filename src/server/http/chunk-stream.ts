import type { UIMessageChunk } from 'ai';
import type { Cursor } from '../../protocol/cursor';
import { acrossAttempts } from '../log/across-attempts';
import { createAttemptParts } from '../log/attempt-parts';
import { framesOf } from '../log/frames-of';
import { createPieceReader, type Piece } from '../log/piece-reader';
import { createUnsettledError } from '../log/task-errors';
import { taskPartTest } from '../log/task-part-test';
import type { FrameRange, TaskReader } from '../log/task-reader';

export interface ToUIMessageStreamOptions {
  /** Whether the `start` chunk is passed on. Default true. */
  sendStart?: boolean;
  /** Whether the last chunk (`finish`, `error` or `abort`) is passed on. Default true. */
  sendFinish?: boolean;
}

const lastTypes = new Set(['finish', 'error', 'abort']);

/**
 * Opens a reader from after the cursor on, by default from where the task begins. With a cursor it is a
 * reader of the same client as before, unless it is told otherwise. Rejects with the `TaskError` with
 * which a stream then fails.
 */
export type OpenTaskReader = (
  cursor?: Cursor,
  options?: { isContinued?: boolean },
) => Promise<TaskReader>;

/** Reads a log as AI SDK chunks, for merging a task into a stream of the AI SDK. */
export function createChunkStream({
  openReader,
  taskId,
  heartbeatMs,
  sendStart = true,
  sendFinish = true,
}: ToUIMessageStreamOptions & {
  openReader: OpenTaskReader;
  taskId: string;
  heartbeatMs: number;
}): ReadableStream<UIMessageChunk> {
  let controller: ReadableStreamDefaultController<UIMessageChunk>;
  // Whether the outcome has come. Without it, the stream must not end as if it were whole.
  let isSettled = false;
  const isSettlement = taskPartTest('data-task-settle', taskId);
  const attempts = createAttemptParts(taskId);

  function* chunksOf(range: FrameRange): Generator<Piece<UIMessageChunk>, undefined> {
    for (const { n, data } of framesOf(range)) {
      isSettled ||= isSettlement(data);
      const content: UIMessageChunk = JSON.parse(data);
      for (const end of attempts.track(content)) yield { content: end, end: n };
      if (!sendStart && content.type === 'start') continue;
      if (!sendFinish && lastTypes.has(content.type)) continue;
      yield { content, end: n + 1 };
    }
  }

  const log = createPieceReader({
    openReader: async (cursor) =>
      acrossAttempts(
        await openReader(cursor),
        (after) => openReader(after, { isContinued: false }),
        cursor,
      ),
    taskId,
    heartbeatMs,
    piecesOf: chunksOf,
    onPiece(chunk) {
      if (chunk) return controller.enqueue(chunk);
      log.close();
      if (!isSettled) throw createUnsettledError();
      controller.close();
    },
    onBeat(at) {
      // Heartbeats must not pile up before a consumer that has stopped reading.
      if (!log.isAwaited() || (controller.desiredSize ?? 0) < 0) return;
      const data = log.heartbeat(at);
      if (data) controller.enqueue({ type: 'data-task-heartbeat', data, transient: true });
    },
  });

  return new ReadableStream<UIMessageChunk>(
    {
      start(own) {
        controller = own;
      },
      pull: log.pull,
      cancel: log.close,
    },
    { highWaterMark: 0 },
  );
}
