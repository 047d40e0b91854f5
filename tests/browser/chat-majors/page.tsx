import type { UseChatHelpers } from '@ai-sdk/react';
import type { TaskUIMessage } from 'ai-task-stream';
import { useTaskStream } from 'ai-task-stream/react';
import { TaskChatTransport } from 'ai-task-stream/ui';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';

const transport = new TaskChatTransport<TaskUIMessage>({
  // A server that is away comes back in its own time.
  reconnect: { initialDelayMs: 20, maxDelayMs: 200, maxAttempts: 1e6 },
});

/** `useChat` in the way that its major version needs it. */
export type UseSavedChat = (options: {
  id: string;
  saved: TaskUIMessage[];
  transport: TaskChatTransport<TaskUIMessage>;
}) => UseChatHelpers<TaskUIMessage>;

interface PartProps {
  part: TaskUIMessage['parts'][number];
}

function SaidPart({ part }: PartProps) {
  switch (part.type) {
    case 'text':
      return <p>{part.text}</p>;
    case 'reasoning':
      return <blockquote>{part.text}</blockquote>;
    case 'tool-writeReport':
      return <pre>{JSON.stringify([part.state, part.input, part.output, part.errorText])}</pre>;
    default:
      return null;
  }
}

/** Apart from what is said, because a tool may report before its call has passed. */
function TaskPart({ part }: PartProps) {
  switch (part.type) {
    case 'data-task':
      return <b>{`${part.data.name}: ${part.data.status}, ${part.data.progress?.value}`}</b>;
    case 'data-task-error':
      return <i>{part.data.message}</i>;
    case 'data-task-settle':
      return <i>{part.data.status}</i>;
    default:
      return null;
  }
}

function Message({ message }: { message: TaskUIMessage }) {
  const { connection } = useTaskStream({ message });
  return (
    <article data-id={message.id} data-role={message.role} data-connection={connection}>
      {message.parts.map((part, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: parts never move.
        <SaidPart key={index} part={part} />
      ))}
      {message.parts.map((part, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: parts never move.
        <TaskPart key={index} part={part} />
      ))}
    </article>
  );
}

function Conversation({
  id,
  saved,
  useSavedChat,
}: {
  id: string;
  saved: TaskUIMessage[];
  useSavedChat: UseSavedChat;
}) {
  const { messages, status, error, sendMessage, regenerate } = useSavedChat({
    id,
    saved,
    transport,
  });
  const send = (form: FormData) => sendMessage({ text: String(form.get('question')) });
  return (
    <>
      {messages.map((message) => (
        <Message key={message.id} message={message} />
      ))}
      <output>{status}</output>
      {error && <div role="alert">{error.message}</div>}
      <form action={send}>
        <input name="question" />
        <button type="submit">Send</button>
        <button type="button" onClick={() => transport.cancel(id, 'Stopped by hand.')}>
          Stop
        </button>
        <button type="button" onClick={() => regenerate()}>
          Try again
        </button>
      </form>
    </>
  );
}

/** Shows the chat that the address names, with the messages that the database has of it. */
export async function showChat(useSavedChat: UseSavedChat): Promise<void> {
  const id = new URL(location.href).searchParams.get('chat') ?? '';
  const saved: TaskUIMessage[] = await (await fetch(`/api/chats/${id}`)).json();
  createRoot(document.body).render(
    <StrictMode>
      <Conversation id={id} saved={saved} useSavedChat={useSavedChat} />
    </StrictMode>,
  );
}
