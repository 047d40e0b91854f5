'use client';

import { useTaskChat } from 'ai-task-stream/react/chat';
import { useEffect, useLayoutEffect, useRef, useState } from 'react';
import type { ChatMessage } from '../../lib/chat-message';
import type { ChatSummary } from '../../lib/chat-store';
import { ChatList } from './chat-list';
import { Composer } from './composer';
import { Conversation } from './conversation';
import { EmptyChat } from './empty-chat';
import { fetchJson } from './fetch-json';
import { useTurnsElsewhere } from './use-turns-elsewhere';

/** One chat, and the way to the others. */
export function ChatPage({
  id,
  messages: loaded,
  chats: listed,
  canFail,
}: {
  id: string;
  /** The chat's messages as the database had them when the page was rendered. */
  messages: ChatMessage[];
  chats: ChatSummary[];
  canFail: boolean;
}) {
  const chat = useTaskChat<ChatMessage>({ id, messages: loaded, throttleMs: 40 });
  const { messages, status, reload } = chat;
  const [chats, setChats] = useState(listed);
  const [isSynced, setIsSynced] = useState(false);
  const fieldRef = useRef<HTMLTextAreaElement>(null);
  const isOwnTurn = useRef(false);
  const announceTurn = useTurnsElsewhere(id, reload);
  const isBusy = status === 'submitted' || status === 'streaming';

  useEffect(() => {
    void reload().then(() => setIsSynced(true));
  }, [reload]);

  // Together with what is shown, so that a page that shows an answer has the address to reload it.
  useLayoutEffect(() => {
    const isAnswered = status !== 'submitted' && messages.at(-1)?.role === 'assistant';
    if (!isAnswered || !isOwnTurn.current) return;
    isOwnTurn.current = false;
    const { pathname, search } = window.location;
    // A new chat gets an address of its own with its first turn, and a place in the list.
    if (pathname === '/' && new URLSearchParams(search).get('chat') !== id) {
      window.history.replaceState(null, '', `/?chat=${id}`);
    }
    announceTurn();
    // Not by `router.refresh()`, which leaves the page when the network fails.
    void fetchJson<ChatSummary[]>('/api/chats').then((newest) => newest && setChats(newest));
  }, [id, messages, status, announceTurn]);

  const send = (text: string) => {
    isOwnTurn.current = true;
    void chat.sendMessage({ text });
    fieldRef.current?.focus();
  };
  const answerAgain = () => {
    isOwnTurn.current = true;
    void chat.regenerate();
  };

  return (
    <div className="chat-layout">
      <a className="skip-link" href="#question">
        Skip to the message field
      </a>
      <ChatList chats={chats} currentId={id} />
      <main className="chat">
        <h1 className="visually-hidden">Chat</h1>
        {messages.length === 0 ? (
          <EmptyChat canFail={canFail} onAsk={send} />
        ) : (
          <Conversation
            messages={messages}
            error={chat.error}
            isBusy={isBusy}
            isSynced={isSynced}
            onAgain={answerAgain}
          />
        )}
        <Composer
          fieldRef={fieldRef}
          isBusy={isBusy}
          isStopping={chat.isStopping}
          onSend={send}
          onStop={() => chat.stop('Stopped by hand.')}
        />
      </main>
    </div>
  );
}
