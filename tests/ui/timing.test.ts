import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { stubPage } from '../helpers/page';
import { frame, heartbeat, recording, snapshot, taskId } from '../helpers/recording';
import { eventStream, scriptFetch } from '../helpers/scripted-fetch';
import { createStore } from './helpers';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] });
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const api = '/api/task';
const advance = (ms: number) => vi.advanceTimersByTimeAsync(ms);

/** Full jitter at its upper bound, so that the delays are known. */
const random = () => 1;
const reconnect = { initialDelayMs: 250, maxDelayMs: 10_000, maxAttempts: 10 };

const unavailable = (headers?: HeadersInit) =>
  new Response(null, { status: 503, ...(headers && { headers }) });
const restAfter = (cursor?: string) => eventStream(recording.bytesAfter(cursor), { end: true });

describe('a connection that falls silent', () => {
  it('is stalled after three announced heartbeats, and replaced', async () => {
    const { fetch, requests } = scriptFetch((index) =>
      index > 0 ? restAfter('0-0') : eventStream(frame(0, { type: 'start' }) + heartbeat(1, 1000)),
    );
    const { store } = createStore({ api, fetch, random, reconnect });
    const end = store.start('x', { taskId });
    await advance(2999);
    expect(store.getState()).toMatchObject({ isStalled: false, connection: 'connected' });
    await advance(1);
    expect(store.getState()).toMatchObject({ isStalled: true, connection: 'reconnecting' });
    await advance(250);
    expect((await end).status).toBe('completed');
    expect(store.getState().isStalled).toBe(false);
    expect(requests[1]?.headers.get('last-event-id')).toBe('0-0');
  });

  it('is stalled after 15 s before the first heartbeat, even when there is no answer yet', async () => {
    const { fetch, requests } = scriptFetch((index) =>
      index > 0 ? restAfter() : new Promise<Response>(() => {}),
    );
    const { store } = createStore({ api, fetch, random, reconnect });
    const end = store.start('x', { taskId });
    await advance(14_999);
    expect(store.getState().isStalled).toBe(false);
    await advance(1);
    expect(store.getState().isStalled).toBe(true);
    await advance(500);
    expect((await end).status).toBe('completed');
    expect(requests.map(({ method }) => method)).toEqual(['POST', 'POST']);
  });

  it('is replaced after stallTimeoutMs, and what it still brings is not taken', async () => {
    let answerLate: (response: Response) => void = () => {};
    const { fetch, requests } = scriptFetch((index) =>
      index > 0
        ? restAfter()
        : new Promise<Response>((resolve) => {
            answerLate = resolve;
          }),
    );
    const { store, calls } = createStore({ api, fetch, stallTimeoutMs: 50, random, reconnect });
    const end = store.start('x', { taskId });
    await advance(49);
    expect(requests).toHaveLength(1);
    await advance(1);
    answerLate(restAfter());
    await advance(0);
    expect(store.getState()).toMatchObject({ connection: 'reconnecting', logs: [] });
    await advance(500);
    expect((await end).status).toBe('completed');
    expect(calls.filter(([name]) => name === 'log')).toHaveLength(2);
  });

  it('is checked when the page wakes', async () => {
    const page = stubPage();
    const { fetch } = scriptFetch((index) =>
      index > 0 ? restAfter('0-0') : eventStream(frame(0, { type: 'start' }) + heartbeat(1, 5000)),
    );
    const { store } = createStore({ api, fetch, random, reconnect });
    const end = store.start('x', { taskId });
    await advance(5000);
    page.setVisible(true);
    await advance(0);
    expect(store.getState().isStalled).toBe(false);
    await advance(2499);
    expect(store.getState().isStalled).toBe(false);
    await advance(1);
    expect(store.getState().isStalled).toBe(true);
    await advance(250);
    expect((await end).status).toBe('completed');
  });
});

describe('the wait before an attempt', () => {
  /** Makes attempts fail, and tells when they were made. */
  async function attemptTimes(
    count: number,
    headers?: HeadersInit,
    random = () => 1,
  ): Promise<number[]> {
    const times: number[] = [];
    const { fetch } = scriptFetch(() => {
      times.push(Math.round(performance.now() - startedAt));
      return unavailable(headers);
    });
    const { store } = createStore({ api, fetch, random, reconnect });
    const startedAt = performance.now();
    void store.start('x', { taskId });
    await advance(0);
    while (times.length < count) await advance(50);
    return times;
  }

  it('doubles up to its bound', async () => {
    const waits = (await attemptTimes(7)).map((time, n, times) => time - (times[n - 1] ?? 0));
    expect(waits).toEqual([0, 500, 1000, 2000, 4000, 8000, 10_000]);
  });

  it('is at least as long as Retry-After asks for in seconds', async () => {
    const headers = { 'retry-after': '60' };
    expect(await attemptTimes(3, headers, () => 0)).toEqual([0, 60_000, 120_000]);
    expect(await attemptTimes(3, headers, () => 1)).toEqual([0, 120_000, 240_000]);
  });

  it.each([
    ['comes online', 'setOnline'],
    ['becomes visible', 'setVisible'],
  ] as const)('ends at once when the page %s', async (_, wake) => {
    const page = stubPage();
    page[wake](false);
    const { fetch } = scriptFetch((index) =>
      index > 0 ? restAfter('0-1') : eventStream(frame(0, snapshot()), { end: true }),
    );
    const { store } = createStore({ api, fetch, random, reconnect });
    const end = store.start('x', { taskId });
    await advance(0);
    expect(store.getState().connection).toBe('reconnecting');
    page[wake](true);
    await advance(0);
    expect((await end).status).toBe('completed');
    await advance(0);
    expect(page.listenerCount()).toBe(0);
  });

  it('does not end before Retry-After when the page wakes', async () => {
    const page = stubPage();
    const { fetch, requests } = scriptFetch((index) =>
      index > 0 ? restAfter() : unavailable({ 'retry-after': '5' }),
    );
    const { store } = createStore({ api, fetch, random, reconnect });
    const end = store.start('x', { taskId });
    await advance(3000);
    page.setOnline(true);
    await advance(1999);
    expect(requests).toHaveLength(1);
    await advance(1);
    expect((await end).status).toBe('completed');
  });

  it('is not counted to the limit while the page is offline or hidden', async () => {
    const page = stubPage();
    const { fetch, requests } = scriptFetch(() => Promise.reject(new TypeError('Failed to fetch')));
    const { store } = createStore({ api, fetch, reconnect: { maxAttempts: 2 } });
    page.setVisible(false);
    const end = store.start('x', { taskId });
    while (requests.length < 10) await advance(1);
    page.setOnline(false);
    await advance(10_000_000);
    expect(store.getState().connection).toBe('reconnecting');
    page.setVisible(true);
    page.setOnline(true);
    await advance(5);
    expect(await end).toMatchObject({ error: { code: 'gave-up' } });
    expect(requests.length).toBeLessThanOrEqual(13);
    expect(page.listenerCount()).toBe(0);
  });

  it('leaves nothing behind when the page leaves in the middle of it', async () => {
    const page = stubPage();
    const { fetch } = scriptFetch(() => unavailable());
    const { store } = createStore({ api, fetch, random, reconnect });
    void store.start('x', { taskId });
    await advance(0);
    store.detach();
    await advance(0);
    expect(vi.getTimerCount()).toBe(0);
    expect(page.listenerCount()).toBe(0);
  });
});
