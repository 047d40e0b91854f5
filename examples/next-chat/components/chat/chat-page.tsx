'use client';

import { useCallback, useRef, useState } from 'react';
import type { ChatMessage } from '../../lib/chat-message';
import type { ChatSummary } from '../../lib/chat-store';
import { ChatList } from './chat-list';
import { Composer } from './composer';
import { Conversation } from './conversation';
import { EmptyChat } from './empty-chat';
import { fetchJson } from './fetch-json';
import { useChatSession } from './use-chat-session';

/** One chat, and the way to the others. */
export function ChatPage({
  id,
  messages: loaded,
  chats: listed,
  canFail,
}: {
  id: string;
  messages: ChatMessage[];
  chats: ChatSummary[];
  canFail: boolean;
}) {
  const [chats, setChats] = useState(listed);
  const fieldRef = useRef<HTMLTextAreaElement>(null);
  const onTurn = useCallback(async () => {
    const { pathname, search } = window.location;
    // A new chat gets an address of its own with its first turn, and a place in the list.
    if (pathname === '/' && new URLSearchParams(search).get('chat') !== id) {
      window.history.replaceState(null, '', `/?chat=${id}`);
    }
    // Not by `router.refresh()`, which leaves the page when the network fails.
    const newest = await fetchJson<ChatSummary[]>('/api/chats');
    if (newest) setChats(newest);
  }, [id]);
  const session = useChatSession({ id, messages: loaded, onTurn });
  const { messages, isBusy } = session;

  const send = (text: string) => {
    void session.send(text);
    fieldRef.current?.focus();
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
          <Conversation session={session} />
        )}
        <Composer
          fieldRef={fieldRef}
          isBusy={isBusy}
          isStopping={session.isStopping}
          onSend={send}
          onStop={session.stop}
        />
      </main>
    </div>
  );
}
