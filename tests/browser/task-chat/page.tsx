// A chat of one file, as a page shows it. The address says how it finds out about other tabs.
import type { TaskUIMessage } from 'ai-task-stream';
import { useTaskChat } from 'ai-task-stream/react/chat';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';

function Conversation({ id, follow }: { id: string; follow: 'visible' | 'live' }) {
  const chat = useTaskChat<TaskUIMessage>({
    id,
    follow,
    // A server that is away comes back in its own time.
    reconnect: { initialDelayMs: 20, maxDelayMs: 200, maxAttempts: 1e6 },
  });
  const { messages, status, error, isLoading, sendMessage, stop, addToolApprovalResponse } = chat;
  return (
    <main>
      {messages.map(({ id: messageId, parts }) => (
        <article key={messageId}>
          {parts.map((part, index) => {
            // biome-ignore lint/suspicious/noArrayIndexKey: parts never move.
            if (part.type === 'text') return <p key={index}>{part.text}</p>;
            if (!('approval' in part) || part.state !== 'approval-requested') return null;
            const { id: approvalId } = part.approval;
            return (
              <button
                key={approvalId}
                type="button"
                onClick={() => addToolApprovalResponse({ id: approvalId, approved: true })}
              >
                Allow
              </button>
            );
          })}
        </article>
      ))}
      <output>{isLoading ? 'loading' : status}</output>
      {error && <div role="alert">{error.message}</div>}
      <button type="button" onClick={() => sendMessage({ text: 'Go.' })}>
        Send
      </button>
      <button type="button" onClick={stop}>
        Stop
      </button>
    </main>
  );
}

const { searchParams } = new URL(location.href);
createRoot(document.body).render(
  <StrictMode>
    <Conversation
      id={searchParams.get('chat') ?? 'chat'}
      follow={searchParams.has('live') ? 'live' : 'visible'}
    />
  </StrictMode>,
);
