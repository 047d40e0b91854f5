import type { AbstractChat, ChatInit, UIMessage } from 'ai';
import { callPage } from '../call-page';
import { checkFollowOptions } from '../check-options';
import { applyLayout } from '../one-file-layout';
import { onPageReturn } from '../page-wake';
import { createTaskCancel } from '../task-cancel';
import type { TaskChatTransportOptions } from '../task-chat-options';
import { TaskChatTransport } from '../task-chat-transport';
import { warnOnce } from '../warn-once';
import { awaitTurn } from './await-turn';
import { type ChatProgress, isBusy } from './chat-progress';
import { createChatSync } from './chat-sync';
import { loadChat } from './load-chat';
import type { TaskChatActions, TaskChatOptions } from './task-chat-types';
import { createToolAnswers } from './tool-answers';
import { createTurnSender } from './turn-sender';
import { createTurnWatch } from './turn-watch';

/** A chat of the AI SDK with what a page needs around it: loading, following, stopping. */
export interface ChatSession<Message extends UIMessage, Chat extends AbstractChat<Message>> {
  readonly id: string;
  readonly chat: Chat;
  readonly actions: TaskChatActions<Message>;
  getProgress(): ChatProgress;
  /** Calls the listener when the progress changes. */
  subscribe(listener: () => void): () => void;
  /** Takes over the options of a new render. */
  update(options: TaskChatOptions<Message>): void;
  /** To be called when a page shows the chat; returns what to call when it does not any more. */
  mount(): () => void;
}

/** Creates the session of one chat. Makes no request yet. */
export function createChatSession<Message extends UIMessage, Chat extends AbstractChat<Message>>(
  initialOptions: TaskChatOptions<Message>,
  createChat: (init: ChatInit<Message>) => Chat,
): ChatSession<Message, Chat> {
  checkFollowOptions(initialOptions);
  // Read at each use, so that those of a new render may be put in their place.
  let options = initialOptions;
  const { id } = initialOptions;
  const listeners = new Set<() => void>();
  let progress: ChatProgress = {
    isLoading: initialOptions.messages === undefined,
    isFollowing: false,
    isStopping: false,
    failure: undefined,
  };
  let mounts = 0;
  // Aborted when no page shows the chat any more.
  let life: AbortController | undefined;
  let removeReturn = () => {};
  // The chat's leave, until it has left.
  let leaving: Promise<void> | undefined;
  // The id of the call, or of the approval, whose answer is being added to its message.
  let answering: string | undefined;

  function patch(fields: Partial<ChatProgress>): void {
    progress = { ...progress, ...fields };
    for (const listener of listeners) callPage(listener);
  }

  /** The options of a request, as they are now. */
  function requestOptions(): TaskChatTransportOptions<Message> {
    const { api, headers, body, credentials, fetch, taskParts } = options;
    const { reconnect, stallTimeoutMs, random } = options;
    return {
      ...{ api, headers, body, credentials, fetch, taskParts, reconnect, stallTimeoutMs, random },
      layout: 'one-file',
      onRewind: () => sync.rewind(life?.signal),
    };
  }

  const createTransport = () => new TaskChatTransport<Message>(requestOptions());
  const load = (signal: AbortSignal) => loadChat(applyLayout(requestOptions()), id, signal);

  function catchUp(): void {
    if (life) void sync.run(life.signal).then(watch.start);
  }

  const answers = createToolAnswers<Message>();
  const watch = createTurnWatch({
    isWanted: () =>
      options.follow === 'live' && life !== undefined && !sync.isUnderWay && !isBusy(chat),
    wait: (signal) => awaitTurn(applyLayout(requestOptions()), id, signal),
    onTurn: catchUp,
  });
  const sender = createTurnSender({
    createTransport,
    answers,
    onSend() {
      watch.end();
      if (progress.failure) patch({ failure: undefined });
    },
    onFollow() {
      // Without a notice: the chat gives one in the same turn, when it has become busy.
      progress = { ...progress, isFollowing: false };
    },
  });

  const chat = createChat({
    ...initialOptions,
    transport: sender.transport,
    onToolCall: (event) => options.onToolCall?.(event),
    onData: (part) => options.onData?.(part),
    onError: (error) => options.onError?.(error),
    onFinish(event) {
      if (sync.isRewinding) return;
      if (progress.isStopping) patch({ isStopping: false });
      callPage(() => options.onFinish?.(event));
      // A request that has failed may have reached the server all the same.
      if (sender.failed) catchUp();
      else watch.start();
    },
    sendAutomaticallyWhen({ messages }) {
      const { sendAutomaticallyWhen } = options;
      const message = answers.messageOf(messages, answering) ?? messages.at(-1);
      if (!sendAutomaticallyWhen) return answers.isComplete(message);
      const end = message ? messages.indexOf(message) + 1 : 0;
      return sendAutomaticallyWhen({ messages: messages.slice(0, end) });
    },
  });

  const sync = createChatSync<Message>({
    ...{ chat, load, answers, sender, patch },
    progress: () => progress,
    left: () => leaving,
    onError: (error) => callPage(() => options.onError?.(error)),
  });

  /** Begins a turn once the chat is loaded, and ends with it, also when it was followed anew. */
  async function takeTurn(begin: () => Promise<void>): Promise<void> {
    await sync.loaded();
    sender.begin(chat.messages);
    await begin();
    await sync.rewound();
  }

  async function answer(callId: string, add: () => void | PromiseLike<void>): Promise<void> {
    answers.add(callId);
    answering = callId;
    await add();
    if (answering === callId) answering = undefined;
    if (answers.isWaitingFor(chat.messages, callId)) {
      warnOnce('This version of `ai` takes answers to calls of the last message only. Update it.');
    }
  }

  async function stop(reason: string | undefined): Promise<boolean> {
    patch({ isStopping: true });
    const isTaken = await createTransport().cancel(id, reason);
    // Else the chat's stream tells when the answer is over.
    if (!isTaken || !isBusy(chat)) patch({ isStopping: false });
    return isTaken;
  }

  async function leave(): Promise<void> {
    life?.abort();
    life = undefined;
    removeReturn();
    watch.end();
    // A message that is on its way arrives first.
    await sender.pending;
    if (mounts === 0) await chat.stop();
    leaving = undefined;
  }

  return {
    id,
    chat,
    getProgress: () => progress,
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    update(next) {
      checkFollowOptions(next);
      options = next;
    },
    mount() {
      mounts += 1;
      if (!life) {
        life = new AbortController();
        removeReturn = onPageReturn(catchUp);
        catchUp();
      }
      return () => {
        mounts -= 1;
        // StrictMode unmounts and mounts again in the same turn; the connection has to survive that.
        void Promise.resolve().then(() => {
          if (mounts === 0 && life) leaving = leave();
        });
      };
    },
    actions: {
      sendMessage: (message, request) => takeTurn(() => chat.sendMessage(message, request)),
      regenerate: (request) => takeTurn(() => chat.regenerate(request)),
      addToolOutput: (output) => answer(output.toolCallId, () => chat.addToolOutput(output)),
      addToolApprovalResponse: (response) =>
        answer(response.id, () => chat.addToolApprovalResponse(response)),
      clearError() {
        chat.clearError();
        if (progress.failure) patch({ failure: undefined });
      },
      stop: createTaskCancel(stop),
      async reload() {
        await sync.run((life ?? new AbortController()).signal, true);
        watch.start();
      },
    },
  };
}
