// A server is killed wherever a turn of a chat waits, between its POST and the end of saving.
import type { UIMessage } from 'ai';
import { createRedisStreamContext } from 'ai-task-stream/redis';
import type { ChatRoute, TaskStreamContext } from 'ai-task-stream/server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { assistantMessage, openPage, textsOf, userMessage } from '../helpers/chat-route';
import { createHeldChats, type HoldPoint, heldChatId, holdPoints } from '../helpers/held-chats';
import { connectAdmin, type RedisAdmin } from '../helpers/redis-admin';
import { sharedRedisUrl } from '../helpers/redis-server';
import { createRedisTexts } from '../helpers/redis-texts';
import { spawnTaskProcess } from '../helpers/spawn-task-process';
import { createId } from '../helpers/tasks';

const heartbeatMs = 1_000;
const keyPrefix = `killed-chats-${createId()}`;
const url = sharedRedisUrl();

const keyOf = (chatId: string) => `${keyPrefix}:messages:${chatId}`;
const history = [userMessage('q0'), assistantMessage('a0', { type: 'text', text: 'before' })];

let admin: RedisAdmin;
let context: TaskStreamContext;
/** The chats of the server that lives on. */
let chats: Record<'once' | 'again', ChatRoute>;

beforeAll(async () => {
  admin = await connectAdmin(url);
  context = createRedisStreamContext({ url, keyPrefix });
  chats = createHeldChats({
    ...{ streamContext: context, heartbeatMs },
    store: createRedisTexts(admin, keyPrefix),
  });
});

afterAll(async () => {
  await context.close();
  for (const key of (await admin.send('KEYS', `${keyPrefix}*`)) as string[]) {
    await admin.send('DEL', key);
  }
  admin.close();
});

const firstSteps = ['load', 'repeat', 'ask on'] as const;

/** A turn whose process is killed. */
interface KilledTurn {
  readonly point: HoldPoint;
  readonly kind: 'once' | 'again';
  /** What is done first: a page loads the chat, makes its request again, or asks the next question. */
  readonly first: (typeof firstSteps)[number];
  readonly chatId: string;
  readonly taskId: string;
}

/** Has turns stand still, all in one process and each at its own point, and kills the process. */
async function killAll(turns: readonly KilledTurn[]): Promise<void> {
  const process = await spawnTaskProcess('held-chats', {
    env: {
      ...{ HELD_REDIS_URL: url, HELD_KEY_PREFIX: keyPrefix },
      HELD_HEARTBEAT_MS: `${heartbeatMs}`,
    },
  });
  try {
    const { port } = await process.next<{ port: number }>();
    const asking = turns.map(async ({ kind, chatId, taskId }) => {
      const response = await fetch(`http://127.0.0.1:${port}/${kind}?chatId=${chatId}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ id: chatId, messages: [userMessage('q1')], taskId }),
      });
      await response.text();
    });
    const asked = Promise.allSettled(asking);
    const held = new Set<string>();
    while (held.size < turns.length) held.add((await process.next<{ held: string }>()).held);
    await process.kill();
    await asked;
  } finally {
    await process.kill();
  }
}

const idsOf = (messages: readonly UIMessage[]) => messages.map(({ id }) => id);

/** Loads a page, follows the turn that runs, and loads the page again, until none runs. */
async function load({ kind, chatId }: KilledTurn): Promise<UIMessage[]> {
  const page = openPage(chats[kind], { chatId });
  for (;;) {
    const { messages, activeTask } = await page.view();
    if (activeTask === null) return messages;
    const response = await page.follow(`&taskId=${activeTask}`);
    expect(response.status).toBe(200);
    await response.text();
  }
}

/** Makes the same request again, as a page does that has got no answer. */
async function repeat({ kind, chatId, taskId }: KilledTurn): Promise<void> {
  const response = await openPage(chats[kind], { chatId }).post(userMessage('q1'), { taskId });
  expect(response.status).toBe(200);
  await response.text();
}

/** The points before which nothing is there that anybody could find. */
const nothingYet: ReadonlySet<HoldPoint> = new Set([
  'asks for the owner',
  'loads the chat for the request',
  'opens the task',
]);

/** What becomes of a turn whose process was killed. */
async function recover(killed: KilledTurn): Promise<void> {
  const { kind, chatId, taskId, first } = killed;
  const expectWhole = (messages: readonly UIMessage[]) => {
    expect(idsOf(messages)).toEqual(['q0', 'a0', 'q1', taskId]);
    const [, , question, answer = ''] = textsOf(messages);
    expect(question).toBe('q1: q1');
    // Without another attempt an answer is as far as it came.
    if (kind === 'again') expect(answer).toBe(`${taskId}: the answer`);
    else expect(`${taskId}: the answer`.startsWith(answer)).toBe(true);
  };
  const askOn = async () => {
    const next = createId();
    await openPage(chats[kind], { chatId }).ask(userMessage('q2'), { taskId: next });
    return ['q2', next];
  };
  if (first === 'ask on') {
    // The turn that was killed comes first, though its process has saved nothing of it.
    const asked = await askOn();
    const known = nothingYet.has(killed.point) ? ['q0', 'a0'] : ['q0', 'a0', 'q1', taskId];
    expect(idsOf(await load(killed))).toEqual([...known, ...asked]);
    return;
  }
  if (first === 'load') {
    const messages = await load(killed);
    if (nothingYet.has(killed.point)) expect(messages).toEqual(history);
    else expectWhole(messages);
  }
  await repeat(killed);
  expectWhole(await load(killed));
  // The chat goes on behind it.
  const asked = await askOn();
  const messages = await load(killed);
  expectWhole(messages.slice(0, 4));
  expect(idsOf(messages.slice(4))).toEqual(asked);
}

describe('A chat whose server is killed when a turn', () => {
  /** By the points; all at once, because each has to wait until its process counts as lost. */
  let recoveries: Map<HoldPoint, Promise<unknown>>;

  beforeAll(async () => {
    const turns = holdPoints.flatMap((point) =>
      (['once', 'again'] as const).flatMap((kind) =>
        firstSteps.map((first): KilledTurn => {
          return { point, kind, first, chatId: heldChatId(point), taskId: createId() };
        }),
      ),
    );
    for (const { chatId } of turns) {
      await admin.send('SET', keyOf(chatId), JSON.stringify({ messages: history, revision: 0 }));
    }
    await killAll(turns);
    recoveries = new Map(
      holdPoints.map((point) => {
        const ofPoint = turns.filter((turn) => turn.point === point);
        return [point, Promise.all(ofPoint.map(recover))];
      }),
    );
    await Promise.allSettled(recoveries.values());
  });

  it.each(holdPoints)(
    '%s is whole after the next page load, and after the same request (R-CHAT-5, R-CHAT-6)',
    async (point) => {
      await recoveries.get(point);
    },
  );
});
