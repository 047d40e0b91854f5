import { describe, expect, it, vi } from 'vitest';
import { stubPage } from '../helpers/page';
import { frame, heartbeat, log, snapshot, taskId } from '../helpers/recording';
import { eventStream, scriptFetch } from '../helpers/scripted-fetch';
import { createStore } from './helpers';
import {
  advance,
  api,
  cut,
  hour,
  minute,
  random,
  reconnect,
  refuse,
  stopTimeInEachTest,
  unreachable,
  whole,
} from './refusing-server';

stopTimeInEachTest();

describe('a client without a connection asks at a bearable pace (R-CLIENT-5)', () => {
  /** Follows a task whose server is away, and counts the requests of the second hour. */
  async function requestsPerHour(during: () => Promise<void>): Promise<number> {
    const { fetch, requests } = scriptFetch(unreachable);
    const { store } = createStore({ api, fetch, random, reconnect });
    void store.resume(taskId);
    await advance(hour);
    const before = requests.length;
    await during();
    store.dispose();
    return requests.length - before;
  }

  it('not at all while the page is offline, and at once when it is online again', async () => {
    const page = stubPage();
    page.setOnline(false);
    const { fetch, requests } = scriptFetch((index) => (index > 0 ? whole() : unreachable()));
    const { store } = createStore({ api, fetch, random, reconnect });
    const end = store.resume(taskId);
    await advance(24 * hour);
    expect(requests).toHaveLength(1);
    expect(store.getState().connection).toBe('reconnecting');
    page.setOnline(true);
    await advance(0);
    expect(await end).toMatchObject({ status: 'completed' });
  });

  it('not at all while the page is offline and hidden', async () => {
    const page = stubPage();
    page.setOnline(false);
    page.setVisible(false);
    expect(await requestsPerHour(() => advance(hour))).toBe(0);
  });

  it('with pauses that grow while the page is hidden', async () => {
    const page = stubPage();
    page.setVisible(false);
    expect(await requestsPerHour(() => advance(hour))).toBe(120);
  });

  it('with pauses that grow where an offline page would not be told', async () => {
    const page = stubPage();
    page.setOnline(false);
    vi.stubGlobal('addEventListener', undefined);
    expect(await requestsPerHour(() => advance(hour))).toBe(720);
  });

  it.each(['setOnline', 'setVisible'] as const)('also while %s flaps', async (flap) => {
    const page = stubPage();
    page[flap](false);
    const count = await requestsPerHour(async () => {
      for (let time = 0; time < hour; time += 200) {
        page[flap](time % 400 === 0);
        await advance(200);
      }
    });
    expect(count).toBeGreaterThan(100);
    expect(count).toBeLessThan(1_500);
  });

  it('at once when the page wakes, however long its pauses had become', async () => {
    const page = stubPage();
    page.setVisible(false);
    const { fetch, requests } = scriptFetch(unreachable);
    const { store } = createStore({ api, fetch, random: () => 1, reconnect });
    void store.resume(taskId);
    await advance(hour + 20_000);
    const before = requests.length;
    page.setVisible(true);
    await advance(0);
    expect(requests).toHaveLength(before + 1);
  });
});

describe('a response that ends well, but too early (R-CLIENT-5)', () => {
  const beatMs = 10_000;
  const piece = (n: number) =>
    frame(n, n === 0 ? snapshot() : log(n - 1, 'Line')) + heartbeat(n, beatMs);

  /** The pauses between requests that get these answers, one after the other. */
  async function pauses(answers: readonly (() => Response)[]): Promise<number[]> {
    const times: number[] = [];
    const { fetch } = scriptFetch((index) => {
      times.push(performance.now());
      return (answers[index] ?? (() => eventStream('')))();
    });
    const { store } = createStore({ api, fetch, random: () => 1, reconnect });
    void store.resume(taskId);
    while (times.length <= answers.length) await advance(50);
    store.dispose();
    return times.slice(1).map((time, n) => Math.round((time - (times[n] ?? 0)) / 50) * 50);
  }

  type Body = ReadableStreamDefaultController<Uint8Array>;
  /** A response that brings something, and then does what is to be done with its body. */
  const brings = (n: number, finish: (body: Body) => unknown) => () => {
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(new TextEncoder().encode(piece(n)));
        finish(controller);
      },
    });
    return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
  };
  const ends = (n: number) => brings(n, (body) => body.close());
  const endsLate = (n: number, ms: number) =>
    brings(n, (body) => setTimeout(() => body.close(), ms));
  const breaks = (n: number) =>
    brings(n, (body) => setTimeout(() => body.error(new TypeError('network error')), 1));

  it('is requested again at once, though not time and again', async () => {
    expect(await pauses([ends(0), ends(1), ends(2)])).toEqual([0, 250, 250]);
    expect(await pauses([ends(0), endsLate(1, beatMs), ends(2)])).toEqual([0, beatMs, 250]);
  });

  it('is waited after when it broke, had the end mark, or brought nothing', async () => {
    expect(await pauses([breaks(0)])).toEqual([250]);
    expect(await pauses([() => eventStream(`${piece(0)}data: [DONE]\n\n`, { end: true })])).toEqual(
      [250],
    );
    expect(await pauses([() => eventStream('retry: 1000\n\n', { end: true })])).toEqual([500]);
  });

  it('is not requested again at once by a page that is hidden or offline', async () => {
    const page = stubPage();
    page.setVisible(false);
    expect(await pauses([ends(0)])).toEqual([250]);
    page.setVisible(true);
    page.setOnline(false);
    const { fetch, requests } = scriptFetch(ends(0));
    const { store } = createStore({ api, fetch, random, reconnect });
    void store.resume(taskId);
    await advance(hour);
    expect(requests).toHaveLength(1);
    store.dispose();
  });
});

describe('what a server asks for (R-CLIENT-5)', () => {
  /** When the second request comes, in milliseconds after the answer to the first. */
  async function comeBack(headers: Record<string, string>, random: () => number) {
    let cameAt: number | undefined;
    const { fetch } = scriptFetch((index) => {
      if (index === 0) return refuse(503, headers);
      cameAt = performance.now();
      return whole();
    });
    const startedAt = performance.now();
    const { store } = createStore({ api, fetch, random, reconnect });
    const end = store.resume(taskId);
    while (cameAt === undefined) await advance(minute);
    await end;
    return Math.round(cameAt - startedAt);
  }

  it.each([2, 10, 120])(
    'brings 60 clients back spread over as much again: %d s',
    async (seconds) => {
      const times: number[] = [];
      for (let n = 0; n < 60; n++) {
        times.push(await comeBack({ 'retry-after': String(seconds) }, () => n / 60));
      }
      expect(Math.min(...times)).toBeGreaterThanOrEqual(seconds * 1000);
      expect(Math.max(...times) - Math.min(...times)).toBeGreaterThan(seconds * 900);
      const largestGap = times
        .sort((a, b) => a - b)
        .map((time, n) => time - (times[n - 1] ?? time));
      expect(Math.max(...largestGap)).toBeLessThan(seconds * 50);
    },
  );

  it('may be a date, by the clock of the server where that tells its time', async () => {
    vi.setSystemTime('2026-01-01T00:00:00Z');
    const date = 'Thu, 01 Jan 2026 00:00:30 GMT';
    expect(await comeBack({ 'retry-after': date }, () => 0)).toBe(30_000);
    vi.setSystemTime('2026-01-01T00:00:00Z');
    const behind = { 'retry-after': date, date: 'Thu, 01 Jan 2026 00:00:20 GMT' };
    expect(await comeBack(behind, () => 0)).toBe(10_000);
  });

  it.each([
    ['-5', 0],
    ['NaN', 0],
    ['soon', 0],
    ['', 0],
    ['Thu, 01 Jan 1970 00:00:00 GMT', 0],
    ['1.5', 1_500],
    ['Infinity', hour],
    ['99999999999999', hour],
    ['Fri, 31 Dec 9999 23:59:59 GMT', hour],
  ])('is bounded: %s', async (wish, ms) => {
    expect(await comeBack({ 'retry-after': wish }, () => 0)).toBe(ms);
  });
});

describe('an answer that may pass (R-CLIENT-6)', () => {
  const passing = [408, 425, 429, 500, 502, 503, 504];

  it.each(passing)(
    '%d on a reconnect is waited out, as long as Retry-After asks',
    async (status) => {
      const times: number[] = [];
      const { fetch, requests } = scriptFetch((index) => {
        times.push(performance.now());
        if (index === 0) return cut();
        return index < 4 ? refuse(status, { 'retry-after': '7' }) : whole('0-0');
      });
      const { store } = createStore({ api, fetch, random: () => 0, reconnect });
      const end = store.start('x', { taskId });
      await advance(minute);
      expect(await end).toMatchObject({ status: 'completed' });
      const waits = times.map((time, n) => Math.round(time - (times[n - 1] ?? time)));
      expect(waits.slice(2)).toEqual([7000, 7000, 7000]);
      expect(requests.slice(1).every(({ method }) => method === 'GET')).toBe(true);
    },
  );

  it.each(passing)('%d to a resume, and to the POST, is waited out', async (status) => {
    const { fetch, requests } = scriptFetch((index) => (index < 2 ? refuse(status) : whole()));
    for (const follow of ['resume', 'start'] as const) {
      requests.length = 0;
      const { store } = createStore({ api, fetch, random });
      const end = follow === 'start' ? store.start('x', { taskId }) : store.resume(taskId);
      await advance(minute);
      expect(await end).toMatchObject({ status: 'completed' });
      expect(requests).toHaveLength(3);
    }
  });

  it('is not a server that has too many tasks to start one more', async () => {
    const { fetch, requests } = scriptFetch(() => refuse(429, {}, 'too-many-tasks'));
    const { store } = createStore({ api, fetch, random, reconnect });
    expect(await store.start('x')).toMatchObject({ error: { code: 'too-many-tasks' } });
    expect(requests).toHaveLength(1);
  });

  it('is also one that has too many to follow one', async () => {
    const { fetch } = scriptFetch((index) =>
      index === 0 ? cut() : index < 3 ? refuse(429, {}, 'too-many-tasks') : whole('0-0'),
    );
    const { store } = createStore({ api, fetch, random, reconnect });
    const end = store.start('x', { taskId });
    await advance(minute);
    expect(await end).toMatchObject({ status: 'completed' });
  });

  it.each([400, 401, 403, 410, 413, 415])('is not %d', async (status) => {
    const { fetch, requests } = scriptFetch((index) => (index === 0 ? cut() : refuse(status)));
    const { store } = createStore({ api, fetch, random, reconnect });
    const end = store.start('x', { taskId });
    await advance(minute);
    expect(await end).toMatchObject({ error: { code: 'other' } });
    expect(requests).toHaveLength(2);
  });

  it.each([5000, 20_000])('is a 404 within two heartbeats of a good one: %d ms', async (beatMs) => {
    const { fetch, requests } = scriptFetch((index) =>
      index === 0
        ? eventStream(frame(0, snapshot()) + heartbeat(1, beatMs), { end: true })
        : refuse(404, {}, 'not-found'),
    );
    const { store } = createStore({ api, fetch, random, reconnect });
    const end = store.start('x', { taskId });
    await advance(2 * beatMs - 1);
    expect(store.getState().connection).toBe('reconnecting');
    expect(requests.length).toBeGreaterThan(4);
    await advance(20_000);
    expect(await end).toMatchObject({ error: { code: 'not-found' } });

    const back = scriptFetch((index) =>
      index === 0 ? cut() : index < 4 ? refuse(404, {}, 'not-found') : whole('0-0'),
    );
    const { store: other } = createStore({ api, fetch: back.fetch, random, reconnect });
    const found = other.start('x', { taskId });
    await advance(minute);
    expect(await found).toMatchObject({ status: 'completed' });
  });

  it('is not a 404 as the first one', async () => {
    const { fetch, requests } = scriptFetch(() => refuse(404, {}, 'not-found'));
    const { store } = createStore({ api, fetch, random, reconnect });
    expect(await store.resume(taskId)).toMatchObject({ error: { code: 'not-found' } });
    await store.resume(taskId, { ifPresent: true });
    expect(store.getState()).toMatchObject({ connection: 'idle', error: undefined });
    expect(requests).toHaveLength(2);
  });

  it.each([408, 425, 429, 503])(
    '%d to a cancel makes it ask again, as late as told',
    async (status) => {
      const times: number[] = [];
      const { fetch } = scriptFetch((_, { method }) => {
        if (method !== 'DELETE') return eventStream(frame(0, snapshot()));
        times.push(performance.now());
        return times.length < 3
          ? refuse(status, { 'retry-after': '4' })
          : Response.json({ cancelled: true });
      });
      const { store } = createStore({ api, fetch, random: () => 0, reconnect });
      void store.start('x', { taskId });
      await advance(0);
      const cancelled = store.cancel();
      await advance(10_000);
      expect(await cancelled).toBe(true);
      expect(times.map((time, n) => Math.round(time - (times[n - 1] ?? time)))).toEqual([
        0, 4000, 4000,
      ]);
    },
  );
});
