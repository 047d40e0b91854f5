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
import { createChatRewind } from './chat-rewind';
import { createChatShowing } from './chat-showing';
import {
  type ChatTask,
  type ChatTaskNews,
  openChatTask,
  updateChatTask,
} from './chat-task-registry';
import type { ChatTurn } from './chat-turns';
import { followTask, type ReceivedChunk } from './follow-task';
import { knowsResetStep } from './knows-reset-step';
import type { TaskChatTransportOptions } from './task-chat-options';
import type { FollowOptions } from './task-client-options';

/** What to follow, and whom to tell. */
export interface FollowChatTaskOptions {
  taskId: string;
  /** The turn of the chat that the task answers. */
  turn: ChatTurn;
  /** Requests the stream: what follows the cursor, or without a cursor all of it. */
  connect: (cursor: string | undefined, signal: AbortSignal) => Promise<Response>;
  /** Aborting this signal leaves the task. */
  signal: AbortSignal | undefined;
  cancel: ChatTask['cancel'];
  /** Called when the task has its outcome. */
  onSettle: () => void;
  /** Called when the next attempt begins, and the stream has passed on something that is void now. */
  onVoid: () => void;
}

/**
 * A task's chunks as one stream, over as many connections as that takes. The server's responses are
 * read only as fast as the stream is. It fails with an `AbortError` after a task that was cancelled,
 * because clients of the AI SDK take no notice of the `abort` chunk, and with a `TaskError` when the
 * client gave up or the task was begun anew.
 */
export function followChatTask(
  options: FollowOptions & Pick<TaskChatTransportOptions, 'taskParts'>,
  { taskId, turn, connect, signal, cancel, onSettle, onVoid }: FollowChatTaskOptions,
): ReadableStream<UIMessageChunk> {
  const { readable, writable } = new TransformStream<UIMessageChunk, UIMessageChunk>();
  const writer = writable.getWriter();
  const controller = new AbortController();
  const showing = createChatShowing(turn);
  const hadMessage = (messageId: string) => turn.messageIds.has(messageId);
  const rewind = createChatRewind({ taskId, hadMessage, onVoid });
  const detach = () => controller.abort(signal?.reason);
  let settlement: TaskSettlement | undefined;
  let heartbeat: TaskHeartbeatData | undefined;
  // Set when the task was begun anew: a chat cannot take back what it has of the message.
  let restart: TaskError | undefined;
  // Whether the stream's reader has yet to take what was received. Silence is no stall meanwhile.
  let isHeld = false;

  /** Tells the state of this connection, unless a newer stream follows the same task. */
  function tell(news: ChatTaskNews): void {
    updateChatTask(taskId, news, cancel);
  }

  /** Notes what a chunk says about the task; returns whether that is news to the page. */
  function note(chunk: ReceivedChunk): boolean {
    if (!isTaskPart(chunk)) return true;
    if (chunk.type === 'data-task-heartbeat') {
      const isNews = heartbeat?.waiting !== chunk.data.waiting;
      heartbeat = chunk.data;
      return isNews;
    }
    if (chunk.type === 'data-task-settle' && chunk.data.taskId === taskId) {
      settlement ??= chunk.data;
      onSettle();
    }
    return true;
  }

  async function write(chunks: readonly ReceivedChunk[]): Promise<void> {
    try {
      // The cast is safe, because the AI SDK ignores chunks of a type that it does not know.
      for (const chunk of chunks) await writer.write(chunk as UIMessageChunk);
    } catch {
      // The stream's reader has left: `writer.closed` rejects, and calls `detach`.
    }
  }

  /** A chunk as the chat gets it. */
  function forChat(chunk: ReceivedChunk): ReceivedChunk {
    const isKept = options.taskParts !== false || !isTaskPart(chunk);
    return isKept ? chunk : Object.assign({}, chunk, { transient: true });
  }

  async function deliver(chunks: readonly ReceivedChunk[]): Promise<void> {
    isHeld = true;
    const isRewound = chunks.some(({ type }) => type === 'data-task-rewind');
    const canReset = isRewound && (await knowsResetStep());
    const taken = chunks.flatMap((chunk) => rewind.take(forChat(chunk), canReset));
    await write(await showing.pass(taken));
    isHeld = false;
  }

  /** Ends the stream at once if another turn takes the place of this one. */
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
          const news = chunks.filter(note);
          updateChatTask(taskId, { chunks: news });
          return deliver(news.filter(isForChat));
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
    // The connection was lost after the settlement, and with it the `error` chunk of a failed task.
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

/** Heartbeats tell of the connection, which the transport minds by itself. */
function isForChat({ type }: ReceivedChunk): boolean {
  return type !== 'data-task-heartbeat';
}

/** For rejections that only say that the stream's reader has left. */
function ignore(): void {}
