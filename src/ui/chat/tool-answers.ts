import type { UIMessage } from 'ai';

/** The members of a part that tell of a tool call. */
interface CallPart {
  type: string;
  toolCallId?: string;
  state?: string;
  providerExecuted?: boolean;
  approval?: { id: string };
}

/** The ids by which a page answers a call: its own, and that of its approval. */
function idsOf({ toolCallId, approval }: CallPart): (string | undefined)[] {
  return toolCallId === undefined ? [] : [toolCallId, approval?.id];
}

/** Whether a call waits for something from a page. */
export function isWaiting({ toolCallId, state = '', providerExecuted }: CallPart): boolean {
  if (toolCallId === undefined) return false;
  return state === 'approval-requested' || (!providerExecuted && state.startsWith('input-'));
}

/** What this page has answered of tool calls and approvals, and has not sent yet. */
export interface ToolAnswers<Message extends UIMessage> {
  /** Notes the answer to a call, by the id of the call or of its approval. */
  add(id: string): void;
  /** Takes what is sent with a message; returns the way to put it back. */
  take(message: Message | undefined): () => void;
  /** The message that the answer belongs to. */
  messageOf(messages: readonly Message[], id: string | undefined): Message | undefined;
  /** Whether the call still waits for the answer, because the chat has not taken it. */
  isWaitingFor(messages: readonly Message[], id: string): boolean;
  /** Whether a message has got what it waited for from this page, and waits for nothing else. */
  isComplete(message: Message | undefined): boolean;
  /** The messages of the server, with the answers in calls that wait there still. */
  addTo(messages: Message[], shown: readonly Message[]): Message[];
}

export function createToolAnswers<Message extends UIMessage>(): ToolAnswers<Message> {
  const unsent = new Set<string>();

  const has = ({ parts }: Message, id: string) => parts.some((part) => idsOf(part).includes(id));
  const idsIn = (message: Message) => [...unsent].filter((id) => has(message, id));

  function withAnswers(message: Message, shown: Message): Message {
    const parts = message.parts.map((part) => {
      if (!isWaiting(part)) return part;
      const { toolCallId }: CallPart = part;
      return shown.parts.find((own: CallPart) => own.toolCallId === toolCallId) ?? part;
    });
    return { ...message, parts };
  }

  return {
    add: (id) => void unsent.add(id),
    take(message) {
      const taken = message ? idsIn(message) : [];
      for (const id of taken) unsent.delete(id);
      return () => {
        for (const id of taken) unsent.add(id);
      };
    },
    messageOf: (messages, id) =>
      id === undefined ? undefined : messages.filter((message) => has(message, id)).at(-1),
    isWaitingFor: (messages, id) =>
      messages.some(({ parts }) =>
        parts.some((part) => isWaiting(part) && idsOf(part).includes(id)),
      ),
    isComplete: (message) =>
      message !== undefined && idsIn(message).length > 0 && !message.parts.some(isWaiting),
    addTo(messages, shown) {
      if (unsent.size === 0) return messages;
      return messages.map((message) => {
        const own = shown.find(({ id }) => id === message.id);
        return own && idsIn(own).length > 0 ? withAnswers(message, own) : message;
      });
    },
  };
}
