import { Chat, useChat } from '@ai-sdk/react';
import { TaskChatTransport } from 'ai-task-stream/ui';
import { useCallback, useEffect, useRef, useState } from 'react';
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
  /** As the database had them when the page was made. */
  messages: ChatMessage[];
  /** A question of this tab is being answered. */
  onTurn: () => void;
}) {
  const [transport] = useState(
    () =>
      new TaskChatTransport<ChatMessage>({
        api: '/api/chat',
        prepareSendMessagesRequest: ({ id, messages }) => ({ body: askedBy(id, messages) }),
      }),
  );
  // Made here rather than by the hook, because its state is asked for between two renders.
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
    // What has come meanwhile is newer, and whoever has left wants nothing.
    if (!kept || !isHere.current || chat.messages !== before || isBusyAt(chat.status)) return;
    if (isAheadOf(kept, before)) return;
    if (kept.taskId || kept.messages.at(-1)?.role === 'assistant') chat.clearError();
    chat.messages = kept.messages;
    if (!kept.taskId) return;
    await chat.resumeStream();
    // It may have been over by the time that its stream was asked for.
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
      // Leaves the answer, which the server goes on writing.
      void chat.stop();
    };
  }, [chat, catchUp]);

  useEffect(() => {
    // Without an answer, the question may have arrived all the same.
    if (status === 'error' && chat.lastMessage?.role === 'user') void catchUp();
  }, [chat, status, catchUp]);

  useEffect(() => {
    if (!isBusy) setIsStopping(false);
    // A short answer may be over, or have broken off, before the page is rendered again.
    const hasBrokenOff = status === 'error' && chat.lastMessage?.role === 'assistant';
    const isAnswered = status === 'streaming' || status === 'ready' || hasBrokenOff;
    if (!isAnswered || !isOwnTurn.current) return;
    isOwnTurn.current = false;
    announceTurn();
    onTurn();
  }, [chat, status, isBusy, announceTurn, onTurn]);

  const answerAgain = async () => {
    isOwnTurn.current = true;
    await chat.regenerate();
  };

  return {
    messages,
    error,
    isBusy,
    /** Whether the page has looked once for what it may lack. */
    isSynced,
    isStopping,
    answerAgain,
    send: async (text: string) => {
      isOwnTurn.current = true;
      await chat.sendMessage({ text });
    },
    /** After an error. */
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

/** Listens to the turns of other tabs, and returns what tells them of one of this tab. */
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

/** What the server needs to know: what was said before, it has in its database. */
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
