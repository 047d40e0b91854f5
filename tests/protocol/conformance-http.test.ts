// What PROTOCOL.md asks of how a server answers, requirement by requirement, over real HTTP.
import type { TaskStreamContext } from 'ai-task-stream/server';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  aborted,
  chunksOf,
  createGate,
  eventsOf,
  expectRefusal,
  only,
  serve,
  taskId,
  typesOf,
} from '../helpers/conformance';
import { absolute, relative } from '../helpers/cursors';
import { readWrites } from '../helpers/sse';
import { createOwnContext } from '../helpers/tasks';

describe('cursors', () => {
  it('of another form are refused (R-CURSOR-1)', async () => {
    const { post, get } = await serve(() => 1);
    await (await post()).text();
    for (const cursor of ['0', '0-', '-1', '00-1', '0-01', '0--1', 'a-1', `0-${'9'.repeat(16)}`]) {
      await expectRefusal(await get(undefined, { 'last-event-id': cursor }), 400, 'invalid-cursor');
    }
  });

  it('count without gaps (R-CURSOR-2), and any of them leads to the rest (R-CURSOR-3)', async () => {
    const gate = createGate();
    const { post, get, context } = await serve(async ({ writer, task }) => {
      await gate.opened;
      for (let count = 0; count < 5; count++) {
        writer.write({ type: 'text-start', id: `t${count}` });
        task.log(`line ${count}`);
        writer.write({ type: 'text-end', id: `t${count}` });
      }
      return 'done';
    });
    const body = readWrites(await post());
    // From here on all is live, so that nothing is compacted.
    await body.until('"running"');
    const at = (n: number) => absolute(context, taskId, `0-${n}`);
    const early = readWrites(await get(undefined, { 'last-event-id': await at(0) }));
    await early.until('"running"');
    gate.open();
    const stored = eventsOf(await body.rest()).filter(({ id }) => id !== undefined);
    expect(relative(stored.map(({ id = '' }) => id))).toEqual(stored.map((_, n) => `0-${n}`));
    const withoutHeartbeats = (text: string) => eventsOf(text).filter(({ id }) => id !== undefined);
    expect(withoutHeartbeats(await early.rest())).toEqual(stored.slice(1));
    for (let n = 0; n < stored.length - 1; n++) {
      const text = await (await get(undefined, { 'last-event-id': await at(n) })).text();
      expect(withoutHeartbeats(text)).toEqual(stored.slice(n + 1));
    }
  });

  it('come from the header, else from the query, else from nowhere (R-CURSOR-4)', async () => {
    const { post, get } = await serve(() => 1);
    const [first, second, third] = eventsOf(await (await post()).text()).flatMap(
      ({ id }) => id ?? [],
    );
    const firstId = async (query: string, headers: HeadersInit) =>
      eventsOf(await (await get(`taskId=${taskId}${query}`, headers)).text()).find(({ id }) => id)
        ?.id;
    const query = `&lastEventId=${first}`;
    expect(await firstId(query, { 'last-event-id': second ?? '' })).toBe(third);
    expect(await firstId(query, {})).toBe(second);
    expect(await firstId('&lastEventId=', {})).toBe(first);
    expect(await firstId('', {})).toBe(first);
  });

  it('beyond the end of a running task wait for it (R-CURSOR-5)', async () => {
    const gate = createGate();
    const { post, get, context } = await serve(async ({ task }) => {
      await gate.opened;
      for (let count = 0; count < 4; count++) task.log(`line ${count}`);
    });
    const first = readWrites(await post());
    await first.until('"running"');
    const cursor = await absolute(context, taskId, '0-3');
    const ahead = readWrites(await get(undefined, { 'last-event-id': cursor }));
    await ahead.until('heartbeat');
    gate.open();
    const ids = eventsOf(await ahead.rest()).flatMap(({ id }) => id ?? []);
    expect(relative(ids).slice(0, 2)).toEqual(['0-4', '0-5']);
    await first.rest();
  });

  it('at or beyond the end of a settled task get 204 (R-CURSOR-6)', async () => {
    const { post, get } = await serve(() => 1);
    const last = eventsOf(await (await post()).text())
      .flatMap(({ id }) => id ?? [])
      .at(-1);
    for (const cursor of [last ?? '', last?.replace(/\d+$/, '999999') ?? '']) {
      const response = await get(undefined, { 'last-event-id': cursor });
      expect(response.status).toBe(204);
      expect(await response.text()).toBe('');
    }
  });
});

describe('requests', () => {
  it('are answered with the headers of a stream (R-HTTP-1)', async () => {
    const { post, get } = await serve(() => 1);
    for (const response of [await post(), await get()]) {
      expect(response.status).toBe(200);
      expect(Object.fromEntries(response.headers)).toMatchObject({
        'content-type': 'text/event-stream',
        'cache-control': 'no-cache, no-transform',
        'x-accel-buffering': 'no',
        'x-vercel-ai-ui-message-stream': 'v1',
        'x-task-id': taskId,
      });
      await response.text();
    }
  });

  it('with a malformed taskId are refused (R-HTTP-2)', async () => {
    const { post, get, remove, starts } = await serve(() => 1);
    for (const bad of ['', 'too-short', 'a'.repeat(129), 'sixteen chars ok', 'ünïcödé-ünïcödé-']) {
      await expectRefusal(await post({ taskId: bad }), 400, 'invalid-task-id');
      const query = `taskId=${encodeURIComponent(bad)}`;
      await expectRefusal(await get(query), 400, 'invalid-task-id');
      await expectRefusal(await remove(query), 400, 'invalid-task-id');
    }
    await expectRefusal(await get(''), 400, 'invalid-task-id');
    expect(starts()).toBe(0);
  });

  it('are refused with a code, and its status (R-HTTP-3)', async () => {
    const { url, get } = await serve(() => 1);
    await expectRefusal(await get(), 404, 'not-found');
    const put = await fetch(url, { method: 'PUT' });
    expect(put.headers.get('allow')).toBe('POST, GET, DELETE');
    await expectRefusal(put, 405, 'method-not-allowed');
  });

  it('of another owner see no task (R-HTTP-4)', async () => {
    const gate = createGate();
    const { post, get, remove } = await serve(() => gate.opened, {
      owner: (request) => request.headers.get('x-user') ?? undefined,
    });
    const own = await post(undefined, { 'x-user': 'ada' });
    expect(own.status).toBe(200);
    for (const headers of [{ 'x-user': 'eve' }, {}] as HeadersInit[]) {
      await expectRefusal(await post(undefined, headers), 404, 'not-found');
      await expectRefusal(await get(undefined, headers), 404, 'not-found');
      await expectRefusal(await remove(undefined, headers), 404, 'not-found');
    }
    gate.open();
    expect(only(await own.text(), 'data-task-settle').data.status).toBe('completed');
  });

  it('that the host does not permit are refused (R-HTTP-5)', async () => {
    const refusing = await serve(() => 1, { authorize: () => false });
    for (const response of [await refusing.post(), await refusing.get(), await refusing.remove()]) {
      await expectRefusal(response, 403, 'forbidden');
    }
    expect(refusing.starts()).toBe(0);
    const own = await serve(() => 1, { authorize: () => new Response('Log in.', { status: 401 }) });
    const response = await own.post();
    expect([response.status, await response.text()]).toEqual([401, 'Log in.']);
  });
});

describe('POST', () => {
  it('takes a JSON object of a bounded size (R-POST-1)', async () => {
    const { post, starts } = await serve(() => 1, { maxBodyBytes: 100 });
    const type = { 'content-type': 'text/plain' };
    await expectRefusal(await post('{}', type), 415, 'unsupported-media-type');
    for (const body of ['', '{', '[]', 'null', '"text"']) {
      await expectRefusal(await post(body), 400, 'invalid-body');
    }
    const large = { taskId, input: 'x'.repeat(100) };
    await expectRefusal(await post(large), 413, 'body-too-large');
    expect(starts()).toBe(0);
    const json = await post({ taskId }, { 'content-type': 'application/json; charset=utf-8' });
    expect(json.status).toBe(200);
    await json.text();
  });

  it('refuses a body with members outside of `input`, and none in it (R-POST-7)', async () => {
    const { post, starts } = await serve(() => 1);
    for (const body of [{ topic: 'tides' }, { taskId, topic: 'tides' }]) {
      await expectRefusal(await post(body), 400, 'invalid-body');
    }
    expect(starts()).toBe(0);
    for (const body of [{}, { input: 1, trace: 'a' }]) {
      const response = await post(body);
      expect(response.status).toBe(200);
      await response.text();
    }
  });

  it('names a task that the client did not name (R-POST-2)', async () => {
    const { post } = await serve(() => 1);
    const ids = new Set<string>();
    for (let count = 0; count < 20; count++) {
      const response = await post({});
      ids.add(response.headers.get('x-task-id') ?? '');
      await response.text();
    }
    expect(ids.size).toBe(20);
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{32}$/);
  });

  it('joins a task that exists, running or settled (R-POST-3)', async () => {
    const gate = createGate();
    const { post, starts } = await serve(() => gate.opened.then(() => 'one result'));
    const responses = await Promise.all([post(), post(), post()]);
    gate.open();
    const texts = await Promise.all([
      ...responses.map((each) => each.text()),
      (await post()).text(),
    ]);
    for (const text of texts) {
      expect(typesOf(text)[0]).toBe('start');
      expect(only(text, 'data-task-settle').data.result).toBe('one result');
    }
    expect(starts()).toBe(1);
  });

  it('refuses an input that does not fit (R-POST-4)', async () => {
    const input = z.object({ prompt: z.string() });
    const { post, starts } = await serve(({ input: given }) => given, { input });
    const error = await expectRefusal(
      await post({ taskId, input: { prompt: 1 } }),
      400,
      'invalid-input',
    );
    expect(error.details).toEqual({ issues: [{ message: expect.any(String), path: ['prompt'] }] });
    expect(starts()).toBe(0);
    const text = await (await post({ taskId, input: { prompt: 'p', other: 1 } })).text();
    expect(only(text, 'data-task-settle').data.result).toEqual({ prompt: 'p' });
  });

  it('starts a task that outlives its client (R-POST-5)', async () => {
    const gate = createGate();
    const { post, get } = await serve(() => gate.opened.then(() => 'still there'));
    const body = readWrites(await post());
    await body.until('"running"');
    await body.leave();
    gate.open();
    const text = await (await get()).text();
    expect(only(text, 'data-task-settle').data.result).toBe('still there');
  });

  it('starts nothing while the storage is away (R-POST-6)', async () => {
    const away: TaskStreamContext = {
      ...createOwnContext(),
      open: () => Promise.reject(new Error('away')),
    };
    const { post, starts } = await serve(() => 1, { streamContext: away });
    const response = await post();
    expect(response.headers.get('retry-after')).toMatch(/^\d+$/);
    await expectRefusal(response, 503, 'context-unavailable');
    expect(starts()).toBe(0);
  });
});

describe('GET', () => {
  it('follows, replays, and knows what it does not know (R-GET-1)', async () => {
    const gate = createGate();
    const { post, get } = await serve(() => gate.opened);
    await expectRefusal(await get(), 404, 'not-found');
    const first = await post();
    const following = await get();
    gate.open();
    const [told, followed] = await Promise.all([first.text(), following.text()]);
    expect(chunksOf(followed)).toEqual(chunksOf(told));
    expect(chunksOf(await (await get()).text())).toEqual(chunksOf(told));
  });

  it('lets a reader stop reading without harm to anybody (R-GET-2)', async () => {
    const gate = createGate();
    const { post, get } = await serve(async ({ task }) => {
      await gate.opened;
      for (let count = 0; count < 200; count++) task.log('x'.repeat(64 * 1024));
    });
    const first = await post();
    const stuck = readWrites(await get());
    await stuck.until('"running"');
    const others = await Promise.all([get(), get(), get()]);
    gate.open();
    for (const text of await Promise.all([first, ...others].map((each) => each.text()))) {
      expect(typesOf(text).filter((type) => type === 'data-task-log')).toHaveLength(200);
    }
    await stuck.leave();
  });
});

describe('DELETE', () => {
  it('stops a running task with its reason (R-DELETE-1)', async () => {
    const { post, remove } = await serve(({ signal }) => aborted(signal));
    const response = await post();
    const answer = await remove(`taskId=${taskId}&reason=Changed%20my%20mind`);
    expect([answer.status, await answer.json()]).toEqual([200, { cancelled: true }]);
    expect(only(await response.text(), 'data-task-settle').data).toMatchObject({
      status: 'cancelled',
      error: { code: 'cancelled', message: 'Changed my mind' },
    });
  });

  it('changes nothing about a task that has settled (R-DELETE-2)', async () => {
    const { post, get, remove } = await serve(() => 1);
    const before = chunksOf(await (await post()).text());
    const answer = await remove();
    expect([answer.status, await answer.json()]).toEqual([200, { cancelled: false }]);
    expect(chunksOf(await (await get()).text())).toEqual(before);
  });

  it('stops a task that is opened after the request (R-DELETE-3)', async () => {
    const { post, remove, starts } = await serve(() => 1);
    await expectRefusal(await remove(), 404, 'not-found');
    const settlement = only(await (await post()).text(), 'data-task-settle').data;
    expect(settlement.status).toBe('cancelled');
    expect(starts()).toBe(0);
  });
});

describe('heartbeats', () => {
  it('come in every response while the work is silent (R-BEAT-1), each connection its own (R-BEAT-2)', async () => {
    const gate = createGate();
    const { post, get } = await serve(() => gate.opened, { heartbeatMs: 20 });
    const response = await post();
    const follower = await get();
    const bodies = [readWrites(response), readWrites(follower)];
    const beats = (text: string) =>
      eventsOf(text).filter(({ chunk }) => chunk.type === 'data-task-heartbeat');
    for (const body of bodies) {
      let text = await body.until('data-task-heartbeat');
      while (beats(text.slice(0, text.lastIndexOf('\n\n') + 2)).length < 4) {
        text = await body.until(`${text}data: `);
        text = await body.until(`${text.trimEnd()}\n\n`);
      }
      const complete = text.slice(0, text.lastIndexOf('\n\n') + 2);
      for (const { chunk } of beats(complete)) {
        expect(chunk).toEqual({
          type: 'data-task-heartbeat',
          data: { taskId, at: expect.any(Number), intervalMs: 20 },
          transient: true,
        });
      }
    }
    gate.open();
    for (const body of bodies) await body.rest();
    // Of a settled task there is nothing to wait for.
    expect(beats(await (await get()).text())).toEqual([]);
  });
});
