// A server of this package whose task loses its process again and again, with clients of all kinds.

import { describe, expect, it } from 'vitest';
import { chatVersions } from '../helpers/chat-versions';
import { onCleanUp } from '../helpers/clean-up';
import { taskId } from '../helpers/recording';
import { serveAttempts } from '../helpers/served-attempts';
import { openPage } from './chat/helpers';
import { closed, createStore } from './helpers';

/** In text, in a tool call and at the end; with and without a checkpoint. */
const losses = [[8], [22], [31], [8, 22], [22, 31, 31]];

async function serve(lostAt: readonly number[]) {
  const served = await serveAttempts(lostAt);
  onCleanUp(() => served.server.stop());
  return { api: `${served.server.origin}/task`, run: served.run };
}

/** Without what tells attempts and times apart. */
function timeless(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (key, inner) =>
      /^(attempt|heartbeat|createdAt|updatedAt|percent|remainingMs)$/.test(key) ? undefined : inner,
    ),
  );
}

/** Whether a client shows something of the attempt that is lost for the n-th time. */
const shows = (value: unknown) => JSON.stringify(value ?? '').includes('(void)');

it('is followed by a store as if nothing had happened (R-CLIENT-12)', async () => {
  const follow = async (lostAt: readonly number[]) => {
    const { api, run } = await serve(lostAt);
    const { store } = createStore({ api });
    const end = store.resume(taskId);
    await run(() => shows(store.getState()));
    await end;
    await closed(store);
    return timeless(store.getState());
  };
  const undisturbed = await follow([]);
  for (const lostAt of losses)
    expect([lostAt, await follow(lostAt)]).toEqual([lostAt, undisturbed]);
});

/**
 * A client as PROTOCOL.md wanted it before tasks were attempted again: it knows neither checkpoints
 * nor rewinds, and ignores what it does not know.
 */
async function followAsBefore(api: string, onEvent: (event: string) => void = () => {}) {
  const logs: string[] = [];
  const partials: unknown[] = [];
  let text = '';
  let cursor = '';
  for (;;) {
    const response = await fetch(`${api}?taskId=${taskId}`, {
      headers: { 'last-event-id': cursor },
    });
    if (response.status !== 200) throw new Error(`Status ${response.status}`);
    const decoder = new TextDecoder();
    let rest = '';
    for await (const bytes of response.body ?? []) {
      const events = (rest + decoder.decode(bytes, { stream: true })).split('\n\n');
      rest = events.pop() ?? '';
      for (const event of events) {
        const [, id, json] = /^(?:id: (.*)\n)?data: (.*)$/.exec(event) ?? [];
        if (json === undefined || json === '[DONE]') continue;
        onEvent(event);
        cursor = id ?? cursor;
        const { type, delta, data } = JSON.parse(json);
        if (type === 'text-delta') text += delta;
        if (data?.taskId !== taskId) continue;
        if (type === 'data-task-log' && data.index >= logs.length) logs.push(data.message);
        if (type === 'data-task-partial' && data.index >= partials.length)
          partials.push(data.value);
        if (type === 'data-task-settle') return { settlement: data, logs, partials, text };
      }
    }
  }
}

it('ends well for a client of before, which may show double what is void (R-CLIENT-8)', async () => {
  for (const lostAt of losses) {
    const { api, run } = await serve(lostAt);
    let shown = '';
    const live = followAsBefore(api, (event) => {
      shown += event;
    });
    await run(() => {
      const isSeen = shows(shown);
      if (isSeen) shown = '';
      return isSeen;
    });
    const { settlement, logs, partials } = await live;
    expect(settlement).toMatchObject({ status: 'completed', result: 'done' });
    expect([logs.length, partials.length]).toEqual([3, 3]);
    // Whoever comes later gets nothing that is void.
    expect(await followAsBefore(api)).toMatchObject({
      logs: ['Begun', 'Half', 'Nearly'],
      partials: ['first', 'second', 'third'],
      text: 'One twoThree',
    });
  }
});

describe.each(chatVersions)('a chat of AI SDK $version', (version) => {
  it('shows in the end what an undisturbed one does (R-CLIENT-12)', async () => {
    const follow = async (lostAt: readonly number[]) => {
      const { api, run } = await serve(lostAt);
      let resumed: Promise<void> | undefined;
      const page = await openPage(version, {
        api,
        onRewind() {
          resumed = chat.stop().then(() => chat.resumeStream());
        },
      });
      const { chat } = page;
      const sent = chat.sendMessage({ text: 'Go.' });
      await run(() => shows(page.answer()));
      await sent;
      // The page may have to resume once more while it resumes.
      for (let last: unknown; last !== resumed; ) {
        last = resumed;
        await resumed;
      }
      return timeless(page.answer());
    };
    const undisturbed = await follow([]);
    for (const lostAt of losses) {
      expect([lostAt, await follow(lostAt)]).toEqual([lostAt, undisturbed]);
    }
  });

  it("sees a cut with the AI SDK's own transport, and is right once it has resumed", async () => {
    const follow = async (lostAt: readonly number[]) => {
      const { api, run } = await serve(lostAt);
      const page = await openPage(version, { api, resumeStreamIsReplay: true });
      const { chat, errors } = page.openChat({
        id: 'stock',
        transport: page.createStockTransport(),
      });
      const sent = chat.sendMessage({ text: 'Go.' });
      const ran = run(() => shows(chat.messages));
      await sent;
      expect([lostAt, errors, chat.status]).toEqual([lostAt, [], 'ready']);
      await ran;
      // A task that has settled is replayed for as long as it is kept.
      await chat.resumeStream();
      return timeless(chat.messages.at(-1));
    };
    const undisturbed = await follow([]);
    for (const lostAt of [[8], [22]]) {
      expect([lostAt, await follow(lostAt)]).toEqual([lostAt, undisturbed]);
    }
  });
});
