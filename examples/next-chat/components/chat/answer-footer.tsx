import type { UseMessageTaskResult } from 'ai-task-stream/react';
import { useState } from 'react';

/** How an answer ended, and what can be done with it. */
export function AnswerFooter({
  task: { status, error },
  text,
  onAgain,
}: {
  task: Pick<UseMessageTaskResult, 'status' | 'error'>;
  text: string;
  onAgain: (() => void) | undefined;
}) {
  return (
    <footer className="answer-footer">
      {status === 'cancelled' && (
        <p className="note" data-kind="cancelled">
          <strong>Stopped.</strong> What was written until then is kept.
        </p>
      )}
      {status === 'failed' && (
        <p className="note" data-kind="failed" role="alert">
          <strong>The answer broke off.</strong> {error?.message}
        </p>
      )}
      <div className="quiet-actions">
        {text && <CopyButton text={text} />}
        {onAgain && (
          <button type="button" onClick={onAgain}>
            {status === 'completed' ? 'Answer again' : 'Try again'}
          </button>
        )}
      </div>
    </footer>
  );
}

function CopyButton({ text }: { text: string }) {
  const [isCopied, setIsCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    setIsCopied(true);
    setTimeout(() => setIsCopied(false), 2_000);
  };
  return (
    <button type="button" onClick={copy} aria-live="polite">
      {isCopied ? 'Copied' : 'Copy'}
    </button>
  );
}
