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
        {error && reasonOf(error)}
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

/** The message of a refusal by our route; for every other error, that the server was out of reach. */
function reasonOf({ message }: Error): string {
  try {
    const refusal: { error?: { message?: unknown } } = JSON.parse(message);
    if (typeof refusal.error?.message === 'string') return refusal.error.message;
  } catch {
    // The message is no JSON: a network error, or the error page of a proxy.
  }
  return 'The server could not be reached, or did not say why.';
}
