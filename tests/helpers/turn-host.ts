import type { ToolSet, UIMessage, UIMessageChunk } from 'ai';
import type { ChatSchemas, ChatTurn } from 'ai-task-stream/server';
import { createRows } from './chat-turns';
import type { ServerVersion } from './server-versions';

type Modules = Awaited<ReturnType<ServerVersion['load']>>;

/** The work of one turn: what it answers to the messages that a model would get. */
export type Answer = (options: {
  messages: UIMessage[];
  turn: ChatTurn;
}) => Promise<ReadableStream<UIMessageChunk>> | readonly UIMessageChunk[];

/** A chat that is made of the pure steps alone, without tasks, for pages of the AI SDK. */
export interface TurnHost {
  /** In place of the page's `fetch`. */
  readonly fetch: typeof fetch;
  /** What the database has. */
  stored(): UIMessage[];
  /** How many turns have their answer in the database. */
  countAnswered(): number;
  /** How the next turns answer, in their order. */
  answerBy(...answers: Answer[]): void;
  /** The next request does not arrive. */
  failOnce(): void;
}

function streamOf(chunks: readonly UIMessageChunk[]): ReadableStream<UIMessageChunk> {
  return new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });
}

export function createTurnHost(
  { ai, server }: Modules,
  schemas: ChatSchemas & { tools?: ToolSet } = {},
): TurnHost {
  const rows = createRows();
  const answers: Answer[] = [];
  let count = 0;
  let answeredCount = 0;
  let fails = false;

  async function take(json: unknown): Promise<Response> {
    const { message: sent, ...body } = server.readChatBody(json);
    const message = sent === undefined ? undefined : await server.checkMessage(sent, schemas);
    const turn: ChatTurn = { ...body, ...(message && { message }), answerId: `answer-${++count}` };
    const applied = await server.applyTurn(rows.read(), turn, schemas);
    rows.write(applied, [...applied.messages, ...applied.after]);
    const messages = await server.migrateMessages(applied.messages, schemas);
    const answer = answers.shift();
    if (!answer) throw new Error('The test has not said how this turn answers.');
    const stream = ai.createUIMessageStream({
      originalMessages: applied.messages,
      generateId: () => turn.answerId,
      async execute({ writer }) {
        const answered = await answer({ messages, turn: applied.turn });
        writer.merge(answered instanceof ReadableStream ? answered : streamOf(answered));
      },
      onFinish({ responseMessage }) {
        const placed = server.placeAnswer(rows.read(), applied.turn, responseMessage);
        rows.write(placed, placed.messages);
        answeredCount++;
      },
    });
    return ai.createUIMessageStreamResponse({ stream });
  }

  return {
    stored: () => JSON.parse(JSON.stringify(rows.read())),
    countAnswered: () => answeredCount,
    answerBy: (...more) => void answers.push(...more),
    failOnce() {
      fails = true;
    },
    async fetch(_, init) {
      if (fails) {
        fails = false;
        throw new TypeError('Failed to fetch');
      }
      return take(JSON.parse(String(init?.body)));
    },
  };
}
