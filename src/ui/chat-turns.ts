/** A turn of a chat on this page: what was sent, and the task that answers it. */
export interface ChatTurn {
  /** The request, until the server has answered it. Never rejects. */
  request?: Promise<void> | undefined;
  /** The task that was followed last, until it has settled. */
  task?: UnsettledChatTask | undefined;
  /** The task of which the chat shows what is void, until it is followed anew. */
  voidTaskId?: string | undefined;
  /** How many streams of the turn the chat reads. */
  streams: number;
  /** How often the chat has asked to resume the turn. */
  resumeCount: number;
  /** Whether the page is being told of a rewind: a chat that it stops then is about to resume. */
  isRewinding: boolean;
  /** The turn that was sent after this one, unless the server refused that one. */
  successor?: ChatTurn | undefined;
  /** Aborted when another turn begins. */
  readonly over: AbortController;
  /** The ids of the messages that the turn was sent with. */
  readonly messageIds: ReadonlySet<string>;
  readonly isRegeneration: boolean;
  /** Resolves with whether this turn takes the place of the turn before: not if it was refused. */
  readonly takesPlace: Promise<boolean>;
  /** To be called before this turn is shown. Lets the streams of the turn before end, and waits. */
  show(): Promise<void>;
  /** To be called when the server has refused this turn. The turn before goes on. */
  withdraw(): void;
}

/** A task that has not settled as far as this page knows. */
export interface UnsettledChatTask {
  readonly taskId: string;
  /** Aborted when it has settled. */
  readonly settled: AbortController;
}

/** What a chat sends to begin a turn. */
interface Sent {
  messages?: readonly { id: string }[];
  trigger?: string;
}

/** How many turns are kept, one per chat. Beyond it, the turn that began longest ago is dropped. */
const maxTurns = 100;

// Kept by the module and not by the transport, because pages make a new transport at every render.
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
    isRewinding: false,
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

/** The chat's newest turn; one is begun if this page knows of none. */
export function getChatTurn(chat: string): ChatTurn {
  return turns.get(chat) ?? beginChatTurn(chat);
}
