import type { UIMessageChunk } from 'ai';
import { isAnotherLog } from '../protocol/another-log';
import { TaskError } from '../protocol/task-error';
import {
  isTaskPart,
  type TaskErrorPartData,
  type TaskHeartbeatData,
  type TaskSettlement,
} from '../protocol/task-parts';
import { createAbortError, onAbort, throwIfAborted } from './abort';
import { createChatShowing } from './chat-showing';
import {
  type ChatTask,
  type ChatTaskNews,
  openChatTask,
  updateChatTask,
} from './chat-task-registry';
import type { ChatTurn } from './chat-turns';
import { followTask, type ReceivedChunk } from './follow-task';
import type { TaskChatTransportOptions } from './task-chat-options';
import type { FollowOptions } from './task-client-options';

/** What to follow, and whom to tell. */
export interface FollowChatTaskOptions {
  taskId: string;
  /** What the chat shows the task in. */
  turn: ChatTurn;
  /** Asks for the stream: for what follows the cursor, or for all of it. */
  connect: (cursor: string | undefined, signal: AbortSignal) => Promise<Response>;
  /** Aborting it leaves the task. */
  signal: AbortSignal | undefined;
  cancel: ChatTask['cancel'];
  /** The task has its outcome. */
  onSettle: () => void;
}

/**
 * A task's chunks as one stream, over as many connections as that takes. It is read only as fast
 * as it is pulled. Ends with an `AbortError` after a task that was cancelled, because clients of
 * the AI SDK take no notice of the `abort` chunk; with a `TaskError` when the task was given up, or
 * begun anew.
 */
export function followChatTask(
  options: FollowOptions & Pick<TaskChatTransportOptions, 'taskParts'>,
  { taskId, turn, connect, signal, cancel, onSettle }: FollowChatTaskOptions,
): ReadableStream<UIMessageChunk> {
  const { readable, writable } = new TransformStream<UIMessageChunk, UIMessageChunk>();
  const writer = writable.getWriter();
  const controller = new AbortController();
  const showing = createChatShowing(turn);
  const detach = () => controller.abort(signal?.reason);
  let settlement: TaskSettlement | undefined;
  let heartbeat: TaskHeartbeatData | undefined;
  // Set when the task was begun anew: a chat cannot take back what it has of the message.
  let restart: TaskError | undefined;
  // Whether the reader has not taken yet what was received: silence is its own doing then.
  let isHeld = false;

  /** Tells how this stream fares, unless a newer one follows the same task. */
  function tell(news: ChatTaskNews): void {
    updateChatTask(taskId, news, cancel);
  }

  /** Notes what a chunk says about the task; tells whether the chat gets it. */
  function note(chunk: ReceivedChunk): boolean {
    if (!isTaskPart(chunk)) return true;
    if (chunk.type === 'data-task-heartbeat') {
      heartbeat = chunk.data;
      return false;
    }
    if (chunk.type === 'data-task-settle' && chunk.data.taskId === taskId) {
      settlement ??= chunk.data;
      onSettle();
    }
    return true;
  }

  async function write(chunks: readonly ReceivedChunk[]): Promise<void> {
    try {
      // Of a type that is known to be the AI SDK's, or for the AI SDK to ignore.
      for (const chunk of chunks) {
        const isKept = options.taskParts !== false || !isTaskPart(chunk);
        await writer.write((isKept ? chunk : { ...chunk, transient: true }) as UIMessageChunk);
      }
    } catch {
      // The reader has left, which `detach` is told of.
    }
  }

  async function deliver(chunks: readonly ReceivedChunk[]): Promise<void> {
    isHeld = true;
    await write(await showing.pass(chunks));
    isHeld = false;
  }

  /** Ends at once when another turn takes the place of this one. */
  async function giveWay(): Promise<void> {
    if (!(await showing.isReplaced())) return;
    detach();
    await writer.abort(createAbortError('Replaced.'));
  }

  async function follow(): Promise<void> {
    const failure = await followTask(
      {
        ...options,
        get stallTimeoutMs() {
          return isHeld ? Number.POSITIVE_INFINITY : options.stallTimeoutMs;
        },
      },
      {
        connect,
        cursor: undefined,
        signal: controller.signal,
        onConnected(isConnected) {
          if (isConnected) openChatTask(taskId, cancel);
          else tell({ connection: 'reconnecting' });
        },
        onStalled: (isStalled) => tell({ isStalled }),
        onChunks(chunks) {
          if (restart) return;
          const [first] = chunks;
          if (first && isAnotherLog(first)) {
            const { data } = first as ReceivedChunk & { data: TaskErrorPartData };
            restart = new TaskError(data);
            detach();
          }
          const passing = chunks.filter(note);
          updateChatTask(taskId, { chunks: passing });
          return deliver(passing);
        },
        getTask: () => ({ settlement, heartbeat }),
      },
    );
    stopListening?.();
    stopGivingWay();
    const error = settlement ? undefined : (restart ?? failure?.error);
    tell({ connection: 'closed', isStalled: false, failure: error });
    const rest = await showing.end();
    if (restart) throw restart;
    throwIfAborted(controller.signal);
    if (error) throw error;
    await write(rest);
    if (settlement?.status === 'cancelled') {
      throw createAbortError(settlement.error?.message);
    }
    // The chunk that would tell of it was cut off, and is gone.
    if (failure && settlement?.error) throw new TaskError(settlement.error);
  }

  const stopListening = signal && onAbort(signal, detach);
  const stopGivingWay = onAbort(turn.over.signal, () => giveWay().catch(ignore));
  turn.streams++;
  writer.closed.catch(detach);
  follow()
    .then(
      () => writer.close(),
      (reason) => writer.abort(reason),
    )
    .catch(ignore)
    .finally(() => turn.streams--);
  return readable;
}

/** The reader has left. */
function ignore(): void {}
