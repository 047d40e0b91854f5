import type { UIMessageChunk } from 'ai';
import { compactReplay } from '../../protocol/compact-replay';
import type { FrameRange, TaskReader } from '../context/task-stream-context';

export interface ToUIMessageStreamOptions {
  /** Whether the `start` chunk is passed on. Default true. */
  sendStart?: boolean;
  /** Whether the last chunk (`finish`, `error` or `abort`) is passed on. Default true. */
  sendFinish?: boolean;
}

/** The chunks of a range, as JSON; a replay is compacted. */
export function* chunksOf({
  data,
  offset,
  start,
  end,
  isReplay,
}: FrameRange): Generator<string, undefined> {
  const frameAt = (n: number) => data[n - offset] ?? '';
  if (isReplay) for (const frame of compactReplay(frameAt, start, end)) yield frame.data;
  else for (let n = start; n < end; n++) yield frameAt(n);
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
  /** Rejects with the `TaskError` with which the stream then fails. */
  openReader: () => Promise<TaskReader>;
  taskId: string;
  heartbeatMs: number;
}): ReadableStream<UIMessageChunk> {
  let reader: TaskReader | undefined;
  let chunks: Generator<string, undefined> | undefined;
  let timer: ReturnType<typeof setInterval> | undefined;
  let isWaiting = false;
  let isCancelled = false;

  const dispose = () => {
    clearInterval(timer);
    reader?.close();
  };

  const next = async (): Promise<string | undefined> => {
    reader ??= await openReader();
    if (isCancelled) reader.close();
    for (;;) {
      const item = chunks?.next();
      if (item && !item.done) return item.value;
      const range = reader.take();
      chunks = range && chunksOf(range);
      if (range) continue;
      if (reader.isEnded) return undefined;
      isWaiting = true;
      await reader.wait();
      isWaiting = false;
    }
  };

  return new ReadableStream<UIMessageChunk>(
    {
      async pull(controller) {
        timer ??= setInterval(() => {
          // Heartbeats must not pile up before a consumer that has stopped reading.
          if (!isWaiting || !reader?.isAlive || (controller.desiredSize ?? 0) < 0) return;
          const data = { taskId, at: Date.now(), intervalMs: heartbeatMs };
          controller.enqueue({ type: 'data-task-heartbeat', data, transient: true });
        }, heartbeatMs);
        try {
          for (;;) {
            const json = await next();
            if (json === undefined) {
              dispose();
              controller.close();
              return;
            }
            const chunk: UIMessageChunk = JSON.parse(json);
            if (!sendStart && chunk.type === 'start') continue;
            if (!sendFinish && lastTypes.has(chunk.type)) continue;
            controller.enqueue(chunk);
            return;
          }
        } catch (error) {
          dispose();
          throw error;
        }
      },
      cancel() {
        isCancelled = true;
        dispose();
      },
    },
    { highWaterMark: 0 },
  );
}
