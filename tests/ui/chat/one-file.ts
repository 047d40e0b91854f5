import type { UIMessage, UIMessageStreamWriter } from 'ai';
import type { TaskChat, TaskChatOptions, TaskChatState } from '../../../src/ui';
import { until } from '../../helpers/async';
import type { ChatVersion } from '../../helpers/chat-versions';
import { onCleanUp } from '../../helpers/clean-up';
import { type OneFileChat, startOneFileChat } from '../../helpers/one-file-chat';

/** A server of a chat in one file that closes when the test is over. */
export async function serveOneFile(
  ...parameters: Parameters<typeof startOneFileChat>
): Promise<OneFileChat> {
  const server = await startOneFileChat(...parameters);
  onCleanUp(() => server.close());
  return server;
}

/** Writes text as a model would. */
export function say(writer: Pick<UIMessageStreamWriter, 'write'>, text: string, id = 't'): void {
  writer.write({ type: 'text-start', id });
  writer.write({ type: 'text-delta', id, delta: text });
  writer.write({ type: 'text-end', id });
}

/** A message of one part of text. */
export function textMessage(role: 'user' | 'assistant', text: string, id = text): UIMessage {
  return { id, role, parts: [{ type: 'text', text }] };
}

/** Resolves once the chat is saved with these texts. */
export function keeps({ chats }: Pick<OneFileChat, 'chats'>, ...texts: string[]): Promise<void> {
  return until(() => JSON.stringify(textsOf(chats.get('chat'))) === JSON.stringify(texts));
}

/** A page that shows a chat, and notes what it has shown. */
export interface ShownChat {
  readonly chat: TaskChat<UIMessage>;
  readonly errors: Error[];
  readonly finishes: { isAbort: boolean; isError: boolean }[];
  /** Each status that was shown, without repetitions in a row. */
  readonly statuses: string[];
  state(): TaskChatState<UIMessage>;
  texts(): string[];
  /** Resolves as soon as the state is as wanted. */
  shows(isWanted: (state: TaskChatState<UIMessage>) => boolean): Promise<void>;
  /** Resolves when all is shown, and nothing is going on. */
  rests(...texts: string[]): Promise<void>;
  leave(): void;
}

/** The text of each message. */
export function textsOf(messages: readonly UIMessage[] | undefined): string[] {
  return (messages ?? []).map(({ parts }) =>
    parts.map((part) => (part.type === 'text' ? part.text : '')).join(''),
  );
}

/** Shows a chat, which is left when the test is over. */
export async function showChat(
  { load }: Pick<ChatVersion, 'load'>,
  server: Pick<OneFileChat, 'api'>,
  options: Partial<TaskChatOptions<UIMessage>> = {},
): Promise<ShownChat> {
  const { createTaskChat } = await load();
  const noted: Pick<ShownChat, 'errors' | 'finishes' | 'statuses'> = {
    errors: [],
    finishes: [],
    statuses: [],
  };
  const chat = createTaskChat<UIMessage>({
    id: 'chat',
    api: server.api,
    onError: (error) => noted.errors.push(error),
    onFinish: ({ isAbort, isError }) => noted.finishes.push({ isAbort, isError }),
    ...options,
    reconnect: { initialDelayMs: 0, ...options.reconnect },
  });
  const texts = () => textsOf(chat.getState().messages);
  const leave = chat.subscribe(() => {
    const { status } = chat.getState();
    if (noted.statuses.at(-1) !== status) noted.statuses.push(status);
  });
  onCleanUp(leave);
  const shows: ShownChat['shows'] = (isWanted) =>
    new Promise((resolve) => {
      let stop = () => {};
      const check = () => {
        if (!isWanted(chat.getState())) return;
        stop();
        resolve();
      };
      stop = chat.subscribe(check);
      check();
    });
  return {
    ...noted,
    chat,
    state: () => chat.getState(),
    texts,
    shows,
    rests: (...wanted) =>
      shows(
        ({ status, isLoading }) =>
          status === 'ready' && !isLoading && JSON.stringify(texts()) === JSON.stringify(wanted),
      ),
    leave,
  };
}
