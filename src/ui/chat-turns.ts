/** What a chat is at on this page: its newest request, and the task that answers it. */
export interface ChatTurn {
  /** The request, until the server has answered it. Never rejects. */
  request?: Promise<void> | undefined;
  /** The task that was followed last, until it has settled. */
  task?: UnsettledChatTask | undefined;
  /** Aborted when another turn begins. */
  readonly over: AbortController;
}

/** A task that has not settled as far as this page knows. */
export interface UnsettledChatTask {
  readonly taskId: string;
  /** Aborted when it has settled. */
  readonly settled: AbortController;
}

/** Beyond it, the turn that began longest ago is dropped. */
const maxTurns = 100;

// Of the module, because pages make a new transport at every render.
const turns = new Map<string, ChatTurn>();

/** Begins a turn in the place of the chat's last one. */
export function beginChatTurn(chat: string): ChatTurn {
  turns.get(chat)?.over.abort();
  turns.delete(chat);
  const turn: ChatTurn = { over: new AbortController() };
  turns.set(chat, turn);
  const [oldest] = turns.keys();
  if (turns.size > maxTurns && oldest !== undefined) turns.delete(oldest);
  return turn;
}

/** The chat's turn, begun if this page knows of none. */
export function getChatTurn(chat: string): ChatTurn {
  return turns.get(chat) ?? beginChatTurn(chat);
}
