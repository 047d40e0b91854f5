import type { UIMessage } from 'ai';
import { TaskError } from 'ai-task-stream';
import { applyTurn, type ChatTurn, placeAnswer } from 'ai-task-stream/server';
import { describe, expect, it } from 'vitest';
import { assistant, createRows, idsOf, turnOf, user } from '../../helpers/chat-turns';
import { fc } from '../../helpers/fast-check';

/** What happens to a chat. Numbers choose among the messages, or the turns, that there are. */
type Event =
  | { kind: 'send' | 'answer' | 'late answer'; pick: number }
  | { kind: 'edit' | 'regenerate' | 'repeat' | 'go on'; pick: number }
  | { kind: 'stranger'; turn: Partial<ChatTurn> };

const someId = fc.constantFrom('u0', 'u1', 'a0', 'a1', 'u9', 'answer');

const strangers: fc.Arbitrary<Partial<ChatTurn>> = fc.record(
  {
    trigger: fc.constantFrom('submit-message', 'regenerate-message'),
    message: fc.oneof(
      someId.map((id) => user(id, 'strange')),
      someId.map((id) => assistant(id, [])),
    ),
    messageId: someId,
    afterId: fc.oneof(someId, fc.constant(null)),
    answerId: someId,
  },
  { requiredKeys: [] },
);

const events: fc.Arbitrary<Event> = fc.oneof(
  fc.record({
    kind: fc.constantFrom('send', 'answer', 'late answer', 'edit', 'regenerate', 'repeat', 'go on'),
    pick: fc.nat(20),
  }),
  fc.record({ kind: fc.constant('stranger' as const), turn: strangers }),
);

function pickFrom<Value>(values: readonly Value[], pick: number): Value | undefined {
  return values[pick % values.length];
}

/** The turn that a page makes of an event, or nothing where there is nothing that it could be about. */
function turnFor(chat: readonly UIMessage[], event: Event, count: number): ChatTurn | undefined {
  const answerId = `a${count}`;
  if (event.kind === 'stranger') return turnOf({ answerId, ...event.turn });
  const ofRole = (role: string) => chat.filter((message) => message.role === role);
  if (event.kind === 'edit') {
    const { id } = pickFrom(ofRole('user'), event.pick) ?? {};
    if (id === undefined) return undefined;
    return turnOf({ answerId, message: user(id, `edit ${count}`), messageId: id });
  }
  if (event.kind === 'go on') {
    const message = pickFrom(ofRole('assistant'), event.pick);
    return message && turnOf({ answerId, message, messageId: message.id });
  }
  if (event.kind === 'regenerate') {
    const { id } = pickFrom(ofRole('assistant'), event.pick) ?? {};
    const afterId = chat[chat.findIndex((message) => message.id === id) - 1]?.id;
    return id === undefined
      ? undefined
      : turnOf({ answerId, trigger: 'regenerate-message', messageId: id, afterId });
  }
  return turnOf({ answerId, message: user(`u${count}`) });
}

/** What the turn refuses is refused with a typed error. */
function refused(error: unknown): undefined {
  if (TaskError.isInstance(error) && error.code === 'invalid-message') return undefined;
  throw error;
}

/** A chat in a database, in both forms that a host may give it. */
function createChat() {
  const rows = createRows();
  const turns: ChatTurn[] = [];
  let chat: UIMessage[] = [];
  let count = 0;

  function store(messages: UIMessage[], changes: Parameters<typeof rows.write>[0]): void {
    expect(new Set(idsOf(messages)).size).toBe(messages.length);
    rows.write(changes, messages);
    chat = messages;
    expect(rows.read()).toEqual(chat);
  }

  async function take(turn: ChatTurn, isStranger: boolean): Promise<void> {
    const applied = await applyTurn(chat, turn).catch(refused);
    if (!applied) return;
    const messages = [...applied.messages, ...applied.after];
    // What stays keeps its order.
    const kept = new Set(idsOf(messages));
    const stays = idsOf(chat).filter((id) => kept.has(id));
    expect(idsOf(messages).filter((id) => stays.includes(id))).toEqual(stays);
    store(messages, applied);
    for (const again of [turn, applied.turn]) {
      // A body that no page would send may be refused once its message is gone.
      const twice = await applyTurn(chat, again).catch((error) =>
        isStranger && again === turn ? refused(error) : Promise.reject(error),
      );
      if (!twice) continue;
      expect([...twice.messages, ...twice.after]).toEqual(chat);
      expect(twice).toMatchObject({ changed: [], removed: [] });
    }
    turns.push(applied.turn);
  }

  function answer(turn: ChatTurn | undefined): void {
    if (!turn) return;
    const { message, answerId, trigger } = turn;
    const goesOn = trigger === 'submit-message' && message?.role === 'assistant';
    const placed = placeAnswer(
      chat,
      turn,
      assistant(goesOn ? message.id : answerId, `said ${count}`),
    );
    store(placed.messages, placed);
  }

  return {
    async play(event: Event): Promise<void> {
      count++;
      if (event.kind === 'answer') return answer(turns.at(-1));
      if (event.kind === 'late answer') return answer(pickFrom(turns, event.pick));
      // A page repeats the newest request only, until it has its answer.
      const turn = event.kind === 'repeat' ? turns.at(-1) : turnFor(chat, event, count);
      if (turn) await take(turn, event.kind === 'stranger');
    },
  };
}

describe('any turns of a chat (R-CHAT-5, R-CHAT-8)', () => {
  it('keep ids unique and messages in order, are applied once, and are the same in rows', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(events, { maxLength: 25 }), async (all) => {
        const chat = createChat();
        for (const event of all) await chat.play(event);
      }),
      { numRuns: 500 },
    );
  });
});
