import Link from 'next/link';
import { useId, useState } from 'react';
import type { ChatSummary } from '../../lib/chat-store';

/** The other chats: beside this one where there is room, else folded away above it. */
export function ChatList({ chats, currentId }: { chats: ChatSummary[]; currentId: string }) {
  const [isOpen, setIsOpen] = useState(false);
  const listId = useId();
  return (
    <nav className="chat-list" aria-label="Chats" data-open={isOpen}>
      {/* A page of its own: to the router, a chat that began at this address is still there. */}
      <a className="new-chat" href="/">
        <svg aria-hidden="true" viewBox="0 0 16 16" width="14" height="14">
          <path d="M8 2.5v11M2.5 8h11" />
        </svg>
        New chat
      </a>
      {chats.length > 0 && (
        <>
          <button
            type="button"
            className="list-toggle"
            aria-expanded={isOpen}
            aria-controls={listId}
            onClick={() => setIsOpen(!isOpen)}
          >
            {isOpen ? 'Close' : 'Earlier chats'}
          </button>
          <h2>Earlier chats</h2>
          <ul id={listId}>
            {chats.map(({ id, title }) => (
              <li key={id}>
                <Link
                  href={`/?chat=${id}`}
                  prefetch={false}
                  aria-current={id === currentId ? 'page' : undefined}
                  title={title}
                  onClick={() => setIsOpen(false)}
                >
                  {title}
                </Link>
              </li>
            ))}
          </ul>
        </>
      )}
    </nav>
  );
}
