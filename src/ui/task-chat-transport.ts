import type { ChatTransport, UIMessage, UIMessageChunk } from 'ai';
import { taskIdHeader } from '../protocol/frame';
import { onAbort } from './abort';
import { callPage } from './call-page';
import { cancelTask } from './cancel-task';
import { nameMissingRoute } from './chat-refusal';
import { type ChatAddress, FirstRequest, requestChat, type TaskAnswer } from './chat-request';
import { beginChatTurn, type ChatTurn, getChatTurn, type UnsettledChatTask } from './chat-turns';
import { checkFollowOptions } from './check-options';
import { clientError } from './client-error';
import { followChatTask } from './follow-chat-task';
import { applyLayout } from './one-file-layout';
import type { TaskChatTransportOptions } from './task-chat-options';

type SendOptions<Message extends UIMessage> = Parameters<ChatTransport<Message>['sendMessages']>[0];
type RequestOptions = ChatAddress & { abortSignal?: AbortSignal | undefined };
type ReconnectOptions<Message extends UIMessage> = Parameters<
  ChatTransport<Message>['reconnectToStream']
>[0];

/**
 * A drop-in for the AI SDK's `DefaultChatTransport`, for chats whose route answers with a task. A
 * connection that breaks, ends early or falls silent is replaced underneath `useChat`, which sees
 * one unbroken stream. Aborting the request (`stop()`) leaves the task, which goes on; `cancel`
 * stops it. A response that is no task's stream is read as `DefaultChatTransport` does.
 *
 * What a transport knows of a chat is kept by the page, under `api` and chat id, so that instances
 * may come and go. A server on another origin has to expose its response header `x-task-id`.
 */
export class TaskChatTransport<Message extends UIMessage = UIMessage>
  implements ChatTransport<Message>
{
  /** A reconnect brings the whole response, compacted. */
  readonly resumeStreamIsReplay = true;
  readonly #options: TaskChatTransportOptions<Message>;

  constructor(options: TaskChatTransportOptions<Message> = {}) {
    checkFollowOptions(options);
    this.#options = applyLayout(options);
  }

  /** Sends the messages, and streams what answers them. */
  async sendMessages(options: SendOptions<Message>): Promise<ReadableStream<UIMessageChunk>> {
    const turn = beginChatTurn(this.#nameOf(options.chatId), options);
    this.#cancelOnStop(options, turn);
    const request = this.#firstRequest(options, turn);
    const answered = request.sendMessages(options);
    turn.request = answered.then(ignore, ignore).then(() => {
      turn.request = undefined;
    });
    try {
      const stream = await answered;
      // A task's stream calls `show` itself, as soon as there is something to see.
      if (!request.isTask) await turn.show();
      return stream;
    } catch (error) {
      await turn.successor?.takesPlace;
      if (options.abortSignal?.aborted) await turn.show();
      else turn.withdraw();
      throw error;
    }
  }

  /**
   * Replays the chat's running task from its start, and follows it. Resolves with `null` when there
   * is none. Asks again and again while the server cannot be reached.
   */
  async reconnectToStream(
    options: ReconnectOptions<Message>,
  ): Promise<ReadableStream<UIMessageChunk> | null> {
    const turn = getChatTurn(this.#nameOf(options.chatId));
    turn.resumeCount++;
    this.#cancelOnStop(options, turn);
    try {
      // A task that the chat leaves to follow it anew may be over by then: it is asked for by its name.
      const { voidTaskId: taskId } = turn;
      const request = this.#firstRequest(options, turn, taskId);
      const stream = await request.reconnectToStream(options);
      if (turn.voidTaskId === taskId) turn.voidTaskId = undefined;
      return stream;
    } catch (error) {
      await turn.successor?.takesPlace;
      throw error;
    }
  }

  /**
   * Asks the server to stop the chat's task, again and again while it cannot be reached. Resolves
   * with whether the server took the request; the chat's response then ends as aborted. Never
   * rejects.
   *
   * @param reason Told to everybody who follows the task.
   */
  async cancel(chatId: string, reason?: string): Promise<boolean> {
    const turn = getChatTurn(this.#nameOf(chatId));
    const { request } = turn;
    const cancelKnown = () =>
      turn.task
        ? this.#cancelTask({ chatId }, turn.task, reason)
        : this.#cancel({ chatId }, undefined, reason, turn.over.signal);
    if (!request) return cancelKnown();
    // The message was not answered yet: the page knows only the chat, and the server may not even
    // know the task. So it is asked now, and if need be once more after the answer.
    const isTaken = await cancelKnown();
    await request;
    return (await cancelKnown()) || isTaken;
  }

  #cancelOnStop({ chatId, abortSignal }: RequestOptions, turn: ChatTurn): void {
    if (!this.#options.cancelOnStop || !abortSignal) return;
    const { resumeCount } = turn;
    onAbort(abortSignal, async () => {
      if (turn.isRewinding) return;
      // A chat that resumes again aborts its former resume first, which is no `stop()`.
      await undefined;
      const isStopped = turn.resumeCount === resumeCount && !turn.over.signal.aborted;
      if (isStopped && (turn.request ?? turn.task)) await this.cancel(chatId);
    });
  }

  #nameOf(chatId: string): string {
    return JSON.stringify([this.#options.api ?? '/api/chat', chatId]);
  }

  #firstRequest(options: RequestOptions, turn: ChatTurn, taskId?: string): FirstRequest<Message> {
    const follow = (answer: TaskAnswer) => this.#follow(answer, options, turn);
    return new FirstRequest(this.#options, follow, turn.over.signal, taskId);
  }

  #follow(
    { taskId, response, close }: TaskAnswer,
    { chatId, headers, body, metadata, abortSignal }: RequestOptions,
    turn: ChatTurn,
  ): ReadableStream<UIMessageChunk> {
    const chat: ChatAddress = { chatId, headers, body, metadata };
    const task: UnsettledChatTask = { taskId, settled: new AbortController() };
    turn.task = task;
    // The response that is there already is read first; further connections ask for what follows.
    let first: Response | undefined = response;

    const connect = async (cursor: string | undefined, signal: AbortSignal) => {
      if (first) {
        const given = first;
        first = undefined;
        onAbort(signal, close);
        return given;
      }
      const answer = await requestChat(this.#options, chat, {
        query: { taskId },
        headers: cursor === undefined ? {} : { 'last-event-id': cursor },
        signal,
      });
      const given = answer.headers.get(taskIdHeader);
      if (given === null || given === taskId) return nameMissingRoute(answer);
      throw clientError('invalid-response', 'Another task. Let the route mind ?taskId=.');
    };

    return followChatTask(this.#options, {
      taskId,
      turn,
      connect,
      signal: abortSignal,
      cancel: (reason) => this.#cancelTask(chat, task, reason),
      onSettle() {
        if (turn.task === task) turn.task = undefined;
        task.settled.abort();
      },
      onVoid: () => {
        turn.voidTaskId = taskId;
        turn.isRewinding = true;
        callPage(() => this.#options.onRewind?.({ chatId }));
        turn.isRewinding = false;
      },
    });
  }

  #cancelTask(
    chat: ChatAddress,
    { taskId, settled }: UnsettledChatTask,
    reason: string | undefined,
  ): Promise<boolean> {
    return this.#cancel(chat, taskId, reason, settled.signal);
  }

  /** @param signal Prevents further attempts; the answer to the attempt under way still counts. */
  #cancel(
    chat: ChatAddress,
    taskId: string | undefined,
    reason: string | undefined,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { prepareCancelRequest, ...options } = this.#options;
    if (prepareCancelRequest) {
      options.prepareReconnectToStreamRequest = (given) =>
        prepareCancelRequest({ ...given, taskId, reason });
    }
    const send = () =>
      requestChat(options, chat, {
        method: 'DELETE',
        query: { ...(taskId && { taskId }), ...(reason && { reason }) },
        // Lets the request outlive the page.
        keepalive: true,
      });
    return cancelTask(options, send, signal);
  }
}

function ignore(): void {}
