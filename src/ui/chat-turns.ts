/** What a chat is at on this page: its newest request, and the task that answers it. */
export interface ChatTurn {
  /** The request, until the server has answered it. Never rejects. */
  request?: Promise<void> | undefined;
  /** The task that was followed last, until it has settled. */
  task?: UnsettledChatTask | undefined;
  /** How many streams of it the chat reads. */
  streams: number;
  /** How often the chat has asked to resume it. */
  resumeCount: number;
  /** The turn that was sent after it, unless that was refused. */
  successor?: ChatTurn | undefined;
  /** Aborted when another turn begins. */
  readonly over: AbortController;
  /** The ids of the messages that it was sent with. */
  readonly messageIds: ReadonlySet<string>;
  readonly isRegeneration: boolean;
  /** Whether it takes the place of the turn before, once that is known: not if it was refused. */
  readonly takesPlace: Promise<boolean>;
  /** Lets streams of the turn before end, and waits for that: to be called before it is shown. */
  show(): Promise<void>;
  /** The server did not take it: the turn before goes on. */
  withdraw(): void;
}

/** A task that has not settled as far as this page knows. */
export interface UnsettledChatTask {
  readonly taskId: string;
  /** Aborted when it has settled. */
  readonly settled: AbortController;
}

/** What a turn is sent with. */
interface Sent {
  messages?: readonly { id: string }[];
  trigger?: string;
}

/** Beyond it, the turn that began longest ago is dropped. */
const maxTurns = 100;

// Of the module, because pages make a new transport at every render.
const turns = new Map<string, ChatTurn>();

/** Begins a turn in the place of the chat's last one. */
export function beginChatTurn(chat: string, { messages = [], trigger }: Sent = {}): ChatTurn {
  let last = turns.get(chat);
  last?.over.abort();
  turns.delete(chat);
  let decide = (_takesPlace: boolean) => {};
  const takesPlace = new Promise<boolean>((resolve) => {
    decide = resolve;
  });
  const turn: ChatTurn = {
    streams: 0,
    resumeCount: 0,
    over: new AbortController(),
    messageIds: new Set(messages.map(({ id }) => id)),
    isRegeneration: trigger === 'regenerate-message',
    takesPlace,
    async show() {
      const isAnyRead = last !== undefined && last.streams > 0;
      last = undefined;
      decide(true);
      // The chat notes the end of a stream some turns of the microtask queue later.
      if (isAnyRead) await new Promise((resolve) => setTimeout(resolve));
    },
    withdraw() {
      decide(false);
      if (!last) return;
      last.successor = undefined;
      if (turns.get(chat) === turn) turns.set(chat, last);
    },
  };
  if (last) last.successor = turn;
  turns.set(chat, turn);
  const [oldest] = turns.keys();
  if (turns.size > maxTurns && oldest !== undefined) turns.delete(oldest);
  return turn;
}

/** The chat's turn, begun if this page knows of none. */
export function getChatTurn(chat: string): ChatTurn {
  return turns.get(chat) ?? beginChatTurn(chat);
}
