import { Chat, useChat } from '@ai-sdk/react';
import { TaskChatTransport } from 'ai-task-stream/ui';
import { useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react';
import type { ChatMessage } from '../../lib/chat-message';
import type { LoadedChat } from '../../lib/load-chat';
import { fetchJson } from './fetch-json';

/** A chat in this tab, kept in step with the database and with other tabs. */
export function useChatSession({
  id,
  messages: loaded,
  onTurn,
}: {
  id: string;
  /** The chat's messages as the database had them when the page was rendered. */
  messages: ChatMessage[];
  /** Called when a question of this tab is being answered. */
  onTurn: () => void;
}) {
  const [transport] = useState(
    () =>
      new TaskChatTransport<ChatMessage>({
        api: '/api/chat',
        prepareSendMessagesRequest: ({ id, messages }) => ({ body: askedBy(id, messages) }),
      }),
  );
  // Not left to `useChat`, because `catchUp` reads the chat's state between two renders.
  const [chat] = useState(() => new Chat<ChatMessage>({ id, messages: loaded, transport }));
  const { messages, status, error } = useChat({ chat, throttle: 40 });
  const [isStopping, setIsStopping] = useState(false);
  const [isSynced, setIsSynced] = useState(false);
  const isOwnTurn = useRef(false);
  const isHere = useRef(false);
  const isBusy = isBusyAt(status);
  const address = `/api/chat/${id}`;

  /** Takes over what the database has, and follows the answer that is being written. */
  const catchUp = useCallback(async () => {
    const { messages: before } = chat;
    const kept = await fetchJson<LoadedChat>(address);
    // Messages that came while the database was asked are newer than what it has told.
    if (!kept || !isHere.current || chat.messages !== before || isBusyAt(chat.status)) return;
    if (isAheadOf(kept, before)) return;
    if (kept.taskId || kept.messages.at(-1)?.role === 'assistant') chat.clearError();
    chat.messages = kept.messages;
    if (!kept.taskId) return;
    await chat.resumeStream();
    // The task may have ended before its stream was asked for: then the database has the answer.
    const lacksAnswer = chat.status === 'ready' && chat.lastMessage?.role === 'user';
    const complete = lacksAnswer ? await fetchJson<LoadedChat>(address) : undefined;
    if (complete && !isBusyAt(chat.status)) chat.messages = complete.messages;
  }, [chat, address]);

  const announceTurn = useTurnsElsewhere(id, catchUp);

  useEffect(() => {
    isHere.current = true;
    void catchUp().then(() => setIsSynced(true));
    const onVisible = () => {
      if (document.visibilityState === 'visible') void catchUp();
    };
    const onOnline = () => void catchUp();
    document.addEventListener('visibilitychange', onVisible);
    window.addEventListener('online', onOnline);
    return () => {
      isHere.current = false;
      document.removeEventListener('visibilitychange', onVisible);
      window.removeEventListener('online', onOnline);
      // `stop` only leaves the answer; the server goes on writing it.
      void chat.stop();
    };
  }, [chat, catchUp]);

  useEffect(() => {
    // A request that failed may have reached the server all the same.
    if (status === 'error' && chat.lastMessage?.role === 'user') void catchUp();
  }, [chat, status, catchUp]);

  useEffect(() => {
    if (!isBusy) setIsStopping(false);
  }, [isBusy]);

  // Together with what is shown, so that a page that shows an answer has the address to reload it.
  useLayoutEffect(() => {
    // A short answer may be over, or have broken off, before the page renders again.
    const hasBrokenOff = status === 'error' && chat.lastMessage?.role === 'assistant';
    const isAnswered = status === 'streaming' || status === 'ready' || hasBrokenOff;
    if (!isAnswered || !isOwnTurn.current) return;
    isOwnTurn.current = false;
    announceTurn();
    onTurn();
  }, [chat, status, announceTurn, onTurn]);

  const answerAgain = async () => {
    isOwnTurn.current = true;
    await chat.regenerate();
  };

  return {
    messages,
    error,
    isBusy,
    /** Whether the page has compared its messages with the database once. */
    isSynced,
    isStopping,
    answerAgain,
    send: async (text: string) => {
      isOwnTurn.current = true;
      await chat.sendMessage({ text });
    },
    /** Goes on after an error: follows the answer if there is one, else asks again. */
    retry: async () => {
      const kept = await fetchJson<LoadedChat>(address);
      const hasArrived = kept && !isAheadOf(kept, chat.messages);
      const isInHand = kept?.taskId || kept?.messages.at(-1)?.role === 'assistant';
      await (hasArrived && isInHand ? catchUp() : answerAgain());
    },
    stop: async () => {
      setIsStopping(true);
      await transport.cancel(id, 'Stopped by hand.');
      setIsStopping(false);
    },
  };
}

/** Listens for turns of other tabs; returns the function that tells other tabs of a turn of this one. */
function useTurnsElsewhere(id: string, onTurn: () => Promise<void>): () => void {
  const channelRef = useRef<BroadcastChannel>(undefined);
  useEffect(() => {
    const channel = new BroadcastChannel(`ai-task-stream:chat:${id}`);
    channelRef.current = channel;
    channel.onmessage = () => void onTurn();
    return () => channel.close();
  }, [id, onTurn]);
  return useCallback(() => channelRef.current?.postMessage('turn'), []);
}

/** The body of a request: the last question only, because the server's database has the rest. */
function askedBy(id: string, messages: ChatMessage[]) {
  const question = messages.findLast(isQuestion);
  return { id, question: question && { id: question.id, role: 'user', parts: question.parts } };
}

/** Whether this page has a question that has not arrived, or an answer that is just being saved. */
function isAheadOf({ messages: kept, taskId }: LoadedChat, messages: ChatMessage[]): boolean {
  return (
    messages.some((own) => isQuestion(own) && !kept.some(({ id }) => id === own.id)) ||
    messages.some(({ parts }) =>
      parts.some((part) => part.type === 'data-task-settle' && part.data.taskId === taskId),
    )
  );
}

function isQuestion({ role }: ChatMessage): boolean {
  return role === 'user';
}

function isBusyAt(status: string): boolean {
  return status === 'submitted' || status === 'streaming';
}
