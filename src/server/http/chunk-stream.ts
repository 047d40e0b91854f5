import type { UIMessageChunk } from 'ai';
import { beginsWith } from '../../protocol/begins-with';
import type { NumberedFrame } from '../../protocol/compact-replay';
import type { Cursor } from '../../protocol/cursor';
import { framesOf } from '../log/frames-of';
import { holdReader } from '../log/held-reader';
import { createUnsettledError } from '../log/task-errors';
import type { TaskReader } from '../log/task-stream-context';

export interface ToUIMessageStreamOptions {
  /** Whether the `start` chunk is passed on. Default true. */
  sendStart?: boolean;
  /** Whether the last chunk (`finish`, `error` or `abort`) is passed on. Default true. */
  sendFinish?: boolean;
}

const lastTypes = new Set(['finish', 'error', 'abort']);

/** Reads a log as AI SDK chunks, for merging a task into a stream of the AI SDK. */
export function createChunkStream({
  openReader,
  taskId,
  heartbeatMs,
  sendStart = true,
  sendFinish = true,
}: ToUIMessageStreamOptions & {
  /**
   * Opens a reader from after the cursor on, by default from where the task begins. Rejects with the
   * `TaskError` with which the stream then fails.
   */
  openReader: (cursor?: Cursor) => Promise<TaskReader>;
  taskId: string;
  heartbeatMs: number;
}): ReadableStream<UIMessageChunk> {
  // The frames at hand and their epoch, and the last frame that was passed on.
  let frames: Generator<NumberedFrame, undefined> | undefined;
  let epoch = 0;
  let lastEpoch = 0;
  let lastNumber = -1;
  let controller: ReadableStreamDefaultController<UIMessageChunk> | undefined;
  let isWaiting = false;
  let isCancelled = false;
  // Whether the outcome has come, without which a stream must not look as if it were whole.
  let isSettled = false;
  const settles = `{"type":"data-task-settle","id":${JSON.stringify(taskId)}`;

  const held = holdReader({
    heartbeatMs,
    openReader: () => openReader(lastNumber < 0 ? undefined : { epoch: lastEpoch, n: lastNumber }),
    onLetGo() {
      frames = undefined;
    },
    onBeat() {
      // Heartbeats must not pile up before a consumer that has stopped reading.
      if (!isWaiting || !held.reader?.isAlive || (controller?.desiredSize ?? 0) < 0) return;
      const data = { taskId, at: Date.now(), intervalMs: heartbeatMs };
      controller?.enqueue({ type: 'data-task-heartbeat', data, transient: true });
    },
  });

  const next = async (): Promise<string | undefined> => {
    const reader = held.use() ?? (await held.open());
    for (;;) {
      const item = frames?.next();
      if (item && !item.done) {
        lastEpoch = epoch;
        lastNumber = item.value.n;
        return item.value.data;
      }
      if (!reader) return undefined;
      isWaiting = true;
      const { value: range } = await reader.next();
      isWaiting = false;
      if (!range) return undefined;
      frames = framesOf(range);
      epoch = range.epoch;
    }
  };

  return new ReadableStream<UIMessageChunk>(
    {
      start(own) {
        controller = own;
      },
      async pull(own) {
        try {
          for (;;) {
            const json = await next();
            if (json === undefined) {
              if (!isSettled && !isCancelled) throw createUnsettledError();
              held.close();
              // One that was cancelled is closed already.
              if (!isCancelled) own.close();
              return;
            }
            isSettled ||= beginsWith(json, settles);
            const chunk: UIMessageChunk = JSON.parse(json);
            if (!sendStart && chunk.type === 'start') continue;
            if (!sendFinish && lastTypes.has(chunk.type)) continue;
            own.enqueue(chunk);
            held.rest();
            return;
          }
        } catch (error) {
          held.close();
          throw error;
        }
      },
      cancel() {
        isCancelled = true;
        held.close();
      },
    },
    { highWaterMark: 0 },
  );
}
