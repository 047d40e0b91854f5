import type { ChatMessage } from '../../lib/chat-message';

/** Says why there is no answer, or only part of one, and offers to try again. */
export function ErrorNote({
  messages,
  error,
  onRetry,
}: {
  messages: ChatMessage[];
  error: Error | undefined;
  onRetry: () => void;
}) {
  const last = messages.at(-1);
  // An answer that has ended shows by itself how it ended.
  const hasEnded = last?.role === 'assistant' && last.parts.some(isSettlement);
  if (hasEnded || (!error && last?.role === 'assistant')) return null;
  return (
    <div className="note" data-kind="failed" role={error ? 'alert' : undefined}>
      <p>
        <strong>{error ? 'The answer did not come through.' : 'This has no answer yet.'}</strong>{' '}
        {error?.message}
      </p>
      <button type="button" onClick={onRetry}>
        Try again
      </button>
    </div>
  );
}

function isSettlement({ type }: { type: string }): boolean {
  return type === 'data-task-settle';
}
