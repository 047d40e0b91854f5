import { describe, expect, it, vi } from 'vitest';
import { stubPage } from '../helpers/page';
import { frame, heartbeat, snapshot, taskId } from '../helpers/recording';
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

describe('a client whose server is away', () => {
  /** How long a client with the defaults goes on. */
  async function timeUntilGivenUp(
    options: object = {},
    answer: () => Promise<Response> = unreachable,
  ) {
    const { fetch, requests } = scriptFetch(answer);
    const { store } = createStore({
      api,
      fetch,
      random,
      ...options,
      reconnect: { ...reconnect, ...(options as { reconnect?: object }).reconnect },
    });
    const startedAt = performance.now();
    let endedAt = 0;
    const end = store.resume(taskId).finally(() => {
      endedAt = performance.now();
    });
    for (let n = 0; n < 5_000 && endedAt === 0; n++) await advance(1000);
    expect(await end).toMatchObject({ error: { code: 'gave-up', retryable: true } });
    return { ms: endedAt - startedAt, requests: requests.length };
  }

  it('gives up after five minutes without progress (R-CLIENT-7)', async () => {
    const { ms } = await timeUntilGivenUp();
    expect(ms).toBeGreaterThanOrEqual(5 * minute);
    expect(ms).toBeLessThan(6 * minute);
  });

  it('gives up after as long as it is told, or so many attempts', async () => {
    const short = await timeUntilGivenUp({ reconnect: { maxElapsedMs: 10_000 } });
    expect(short.ms).toBeGreaterThanOrEqual(10_000);
    expect(short.ms).toBeLessThan(20_000);
    expect((await timeUntilGivenUp({ reconnect: { maxAttempts: 4 } })).requests).toBe(4);
    const both = { maxAttempts: 1000, maxElapsedMs: 10_000 };
    expect((await timeUntilGivenUp({ reconnect: both })).ms).toBeLessThan(20_000);
  });

  it('counts the time of requests that nobody answers', async () => {
    const { ms, requests } = await timeUntilGivenUp({}, () => new Promise(() => {}));
    expect(ms).toBeLessThan(6 * minute);
    expect(requests).toBeGreaterThan(10);
  });

  it('goes on through a deploy of four minutes (R-CLIENT-7)', async () => {
    const startedAt = performance.now();
    const { fetch } = scriptFetch((index) => {
      if (index === 0) return cut();
      const isBack = performance.now() - startedAt > 4 * minute;
      return isBack ? whole('0-0') : index % 2 ? refuse(502) : unreachable();
    });
    const { store } = createStore({ api, fetch, random, reconnect });
    const end = store.resume(taskId);
    await advance(5 * minute);
    expect(await end).toMatchObject({ status: 'completed' });
  });

  it('counts anew after progress', async () => {
    const { fetch, requests } = scriptFetch((index) =>
      index % 40 === 0
        ? eventStream(heartbeat(index + 1, 5000), { end: true })
        : index > 120
          ? whole()
          : refuse(503),
    );
    const { store } = createStore({ api, fetch, random, reconnect });
    const end = store.resume(taskId);
    await advance(20 * minute);
    expect(await end).toMatchObject({ status: 'completed' });
    expect(requests.length).toBeGreaterThan(120);
  });

  it('does not count the time that the page was away, or the machine slept', async () => {
    const page = stubPage();
    const { fetch } = scriptFetch(unreachable);
    const { store } = createStore({ api, fetch, random, reconnect });
    void store.resume(taskId);
    await advance(2 * minute);
    page.setOnline(false);
    await advance(8 * hour);
    page.setOnline(true);
    await advance(minute);
    page.setVisible(false);
    await advance(8 * hour);
    page.setVisible(true);
    await advance(minute);
    // Its clock goes on while its timers do not.
    const now = performance.now.bind(performance);
    vi.spyOn(performance, 'now').mockImplementation(() => now() + 8 * hour);
    await advance(10_000);
    expect(store.getState().connection).toBe('reconnecting');
    await advance(5 * minute);
    expect(store.getState()).toMatchObject({ connection: 'closed', error: { code: 'gave-up' } });
  });

  it('gives up on time though the wall clock is set', async () => {
    const { fetch } = scriptFetch(unreachable);
    const { store } = createStore({ api, fetch, random, reconnect });
    void store.resume(taskId);
    await advance(minute);
    vi.setSystemTime(Date.now() + 24 * hour);
    await advance(minute);
    expect(store.getState().connection).toBe('reconnecting');
    vi.setSystemTime(Date.now() - 48 * hour);
    await advance(4 * minute);
    expect(store.getState()).toMatchObject({ connection: 'closed', error: { code: 'gave-up' } });
  });
});

describe('a time that no timer takes', () => {
  const silent = () => eventStream(frame(0, snapshot()) + heartbeat(1, 5000));

  it.each([Number.POSITIVE_INFINITY, 2 ** 31, 30 * 24 * hour])(
    'does not end a connection at once: stallTimeoutMs %d',
    async (stallTimeoutMs) => {
      const { fetch, requests } = scriptFetch(silent);
      const { store } = createStore({ api, fetch, stallTimeoutMs });
      void store.start('x', { taskId });
      await advance(2 ** 31 - 2);
      expect(requests).toHaveLength(1);
      expect(store.getState()).toMatchObject({ isStalled: false, connection: 'connected' });
      await advance(10 * 24 * hour);
      expect(requests.length > 1).toBe(Number.isFinite(stallTimeoutMs));
    },
  );

  it.each([2 ** 31, 2 ** 40, 1e300])('may be announced by heartbeats: %d', async (intervalMs) => {
    const { fetch, requests } = scriptFetch(() =>
      eventStream(frame(0, snapshot()) + heartbeat(1, intervalMs)),
    );
    const { store } = createStore({ api, fetch });
    void store.start('x', { taskId });
    await advance(24 * hour);
    expect(requests).toHaveLength(1);
  });

  it.each([0, -1, 'soon', null])('is ignored in a heartbeat: %j', async (intervalMs) => {
    const { fetch, requests } = scriptFetch(() =>
      eventStream(frame(0, snapshot()) + heartbeat(1, intervalMs as number)),
    );
    const { store } = createStore({ api, fetch });
    void store.start('x', { taskId });
    await advance(14_999);
    expect(requests).toHaveLength(1);
    expect(store.getState().isStalled).toBe(false);
  });
});
