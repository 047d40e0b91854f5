import type { ChatMessage } from '../../lib/chat-message';

/** Says why there is no answer, or none that is whole, and offers the way on. */
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
  // The answer itself tells how it ended.
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

/** A refusal's own words, as the route put them; else that the server was out of reach. */
function reasonOf({ message }: Error): string {
  try {
    const refusal: { error?: { message?: unknown } } = JSON.parse(message);
    if (typeof refusal.error?.message === 'string') return refusal.error.message;
  } catch {
    // Not JSON: a network error, or a page of somebody in between.
  }
  return 'The server could not be reached, or did not say why.';
}
