import type { AbstractChat, UIMessage } from 'ai';
import { getChatTask } from '../chat-task-registry';
import { createPatience } from '../patience';
import { isPassingError, tellable } from './chat-error';
import { type ChatProgress, isBusy } from './chat-progress';
import type { LoadedChat } from './load-chat';
import { hasArrived, keepEqual } from './reconcile-chat';
import type { ToolAnswers } from './tool-answers';
import type { TurnSender } from './turn-sender';

/** The chat that is kept in step with the server, and its session. */
export interface ChatSyncOptions<Message extends UIMessage> {
  chat: AbstractChat<Message>;
  load: (signal: AbortSignal) => Promise<LoadedChat<Message>>;
  answers: ToolAnswers<Message>;
  sender: TurnSender<Message>;
  progress: () => ChatProgress;
  patch: (fields: Partial<ChatProgress>) => void;
  /** Resolves once the chat is not about to leave a stream. */
  left: () => Promise<void> | undefined;
  onError: (error: Error) => void;
}

/** Keeps a chat in step with the server. */
export interface ChatSync {
  readonly isUnderWay: boolean;
  /** Whether the chat has left a stream, to follow it anew. */
  readonly isRewinding: boolean;
  /**
   * Loads the chat unless it is busy, follows the answer that is being written, and takes over what
   * was saved of it. Never rejects.
   *
   * @param isTold Whether a failure is shown even if the chat was loaded before.
   */
  run(signal: AbortSignal, isTold?: boolean): Promise<void>;
  /** Leaves the stream of which the chat shows what is void now, and follows it from its start. */
  rewind(signal: AbortSignal | undefined): void;
  /** Resolves when the first load is over, if one is under way. */
  loaded(): Promise<void>;
  /** Resolves when nothing is followed anew any more. */
  rewound(): Promise<void>;
}

/** How often the server is asked for an answer that it has not saved yet. */
const maxLoads = 8;

export function createChatSync<Message extends UIMessage>({
  chat,
  load,
  answers,
  sender,
  progress,
  patch,
  left,
  onError,
}: ChatSyncOptions<Message>): ChatSync {
  let running: Promise<void> | undefined;
  let isLoaded = () => {};
  let firstLoad: Promise<void> | undefined;
  // Whether the chat shows what is void, until its stream is followed anew.
  let isVoid = false;
  // The end of the stream that was left for that.
  let stopped: Promise<void> | undefined;
  let rewinding: Promise<void> | undefined;
  let rewinds = 0;

  /** Shows what the server has, unless the page has a turn of which the server knows nothing. */
  function takeOver(loaded: LoadedChat<Message>): boolean {
    const { failed } = sender;
    const isArrived = failed !== undefined && hasArrived(loaded, failed);
    if (failed && !isArrived) return false;
    sender.forgetFailed();
    if (isArrived || loaded.activeTask !== null || isPassingError(chat.error)) chat.clearError();
    const messages = keepEqual(answers.addTo(loaded.messages, chat.messages), chat.messages);
    if (messages !== chat.messages) chat.messages = messages;
    return true;
  }

  /** Follows the running answer from its start; again, if the chat shows what is void then. */
  async function follow(signal: AbortSignal): Promise<void> {
    patch({ isFollowing: true });
    do {
      isVoid = false;
      await chat.resumeStream();
      await stopped;
    } while (isVoid && !signal.aborted);
    patch({ isFollowing: false });
  }

  /** Loads and follows until nothing is left to follow. */
  async function catchUp(signal: AbortSignal, isFollowed: boolean): Promise<void> {
    const patience = createPatience({ reconnect: { maxAttempts: maxLoads } });
    await left();
    if (isFollowed) await follow(signal);
    for (;;) {
      const { messages: before } = chat;
      if (signal.aborted || isBusy(chat)) return;
      const loaded = await load(signal);
      // What has come meanwhile is newer than what the server has told.
      if (signal.aborted || isBusy(chat) || chat.messages !== before) return;
      const { activeTask } = loaded;
      // The page has read that answer to its end, and the server is about to save it.
      const isRead = activeTask !== null && getChatTask(activeTask)?.task.settlement !== undefined;
      if (!isRead) {
        // Whoever is told of what is shown now, and wants to know more, begins anew.
        if (activeTask === null) running = undefined;
        const isTaken = takeOver(loaded);
        patch({ isLoading: false, failure: undefined });
        isLoaded();
        if (!isTaken || activeTask === null) return;
        await follow(signal);
        if (signal.aborted || chat.status !== 'ready') return;
      }
      if (!patience.judge(false)) return;
      if (isRead) await patience.pause(0, signal);
    }
  }

  function tell(error: unknown): void {
    const failure = tellable(error) as Error;
    patch({ isLoading: false, failure });
    onError(failure);
  }

  function start(signal: AbortSignal, isTold: boolean, isFollowed: boolean): Promise<void> {
    const end = (error?: unknown) => {
      if (running === run) running = undefined;
      const { isLoading } = progress();
      // A chat that was left before it was loaded is loaded when it is shown again.
      if (!signal.aborted) {
        if (error !== undefined && (isTold || isLoading)) tell(error);
        else if (isLoading) patch({ isLoading: false });
      }
      isLoaded();
    };
    const run: Promise<void> = catchUp(signal, isFollowed).then(() => end(), end);
    running = run;
    return run;
  }

  return {
    get isUnderWay() {
      return running !== undefined;
    },
    get isRewinding() {
      return isVoid;
    },
    run(signal, isTold = false) {
      firstLoad ??= new Promise((resolve) => {
        isLoaded = resolve;
      });
      return running ?? start(signal, isTold, false);
    },
    rewind(signal) {
      isVoid = true;
      patch({ isFollowing: true });
      stopped = chat.stop();
      const rewind = ++rewinds;
      rewinding = (async () => {
        await stopped;
        // What is being followed already is followed anew by that.
        await running;
        if (isVoid && signal?.aborted === false) await start(signal, false, true);
        if (rewind !== rewinds) return;
        rewinding = undefined;
        isVoid = false;
        patch({ isFollowing: false });
      })();
    },
    async loaded() {
      if (progress().isLoading) await firstLoad;
    },
    async rewound() {
      while (rewinding) await rewinding;
    },
  };
}
