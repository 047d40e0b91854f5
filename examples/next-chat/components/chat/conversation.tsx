import { useEffect, useRef } from 'react';
import type { ChatMessage } from '../../lib/chat-message';
import { AnswerMessage } from './answer-message';
import { ErrorNote } from './error-note';
import { useStickToEnd } from './use-stick-to-end';

/** The messages of the chat, the one that is being written included. */
export function Conversation({
  messages,
  error,
  isBusy,
  isSynced,
  onAgain,
}: {
  messages: ChatMessage[];
  error: Error | undefined;
  /** Whether an answer is being written. */
  isBusy: boolean;
  /** Whether the page has compared its messages with the database once. */
  isSynced: boolean;
  /** Has the newest question answered again. */
  onAgain: () => void;
}) {
  const last = messages.at(-1);
  const isWaiting = isBusy && last?.role === 'user';
  const listRef = useRef<HTMLOListElement>(null);
  useStickToEnd(listRef, messages.findLast(({ role }) => role === 'user')?.id);

  return (
    <section className="conversation" aria-label="Conversation">
      <ol className="messages" ref={listRef}>
        {messages.map((message) => (
          <li key={message.id}>
            {message.role === 'user' ? (
              <article className="question" aria-label="You">
                {message.parts.map((part, index) =>
                  // biome-ignore lint/suspicious/noArrayIndexKey: parts never move.
                  part.type === 'text' ? <p key={index}>{part.text}</p> : null,
                )}
              </article>
            ) : (
              <AnswerMessage
                message={message}
                isWritten={isBusy && message === last}
                onAgain={isBusy || message !== last ? undefined : onAgain}
              />
            )}
          </li>
        ))}
        {isWaiting && (
          <li>
            <article className="answer" aria-label="Assistant" aria-busy="true">
              <p className="thinking">Thinking</p>
            </article>
          </li>
        )}
      </ol>
      {isSynced && !isBusy && <ErrorNote messages={messages} error={error} onRetry={onAgain} />}
      <Announcer isBusy={isBusy} hasError={error !== undefined} />
    </section>
  );
}

/** Tells screen readers when an answer begins and ends, without reading all of its words out. */
function Announcer({ isBusy, hasError }: { isBusy: boolean; hasError: boolean }) {
  const wasBusy = useRef(false);
  useEffect(() => {
    wasBusy.current ||= isBusy;
  }, [isBusy]);
  const words = isBusy
    ? 'The assistant is answering.'
    : wasBusy.current && !hasError
      ? 'The answer has ended.'
      : '';
  return (
    <p className="visually-hidden" role="status">
      {words}
    </p>
  );
}
