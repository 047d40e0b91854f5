import { afterEach, describe, expect, it, vi } from 'vitest';
import { onAbort } from '../../src/ui/abort';
import { addQuery } from '../../src/ui/add-query';
import { recording, taskId } from '../helpers/recording';
import { eventStream, scriptFetch } from '../helpers/scripted-fetch';
import { sendHead } from '../helpers/wire-server';
import { closed, createStore, freshTaskStore, reached, serve } from './helpers';

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

/** An event stream of the task that the last request names. */
function answering() {
  const bodies: string[] = [];
  const fetch: typeof globalThis.fetch = async (_, init) => {
    bodies.push(String(init?.body));
    const { taskId: id } = JSON.parse(String(init?.body)) as { taskId: string };
    return eventStream(recording.bytesAfter().toString().replaceAll(taskId, id), { end: true });
  };
  return { fetch, bodies };
}

/** A signal that tells by `onabort` alone. */
class PlainController {
  readonly signal: { aborted: boolean; onabort: (() => void) | null } = {
    aborted: false,
    onabort: null,
  };
  abort(): void {
    this.signal.aborted = true;
    this.signal.onabort?.();
  }
}

describe('on a platform that lacks what browsers have', () => {
  it('a store starts tasks without crypto, each with a name of its own, and says so once', async () => {
    vi.stubGlobal('crypto', undefined);
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const { fetch, bodies } = answering();
    const createTaskStore = await freshTaskStore();
    for (let n = 0; n < 3; n++) {
      const store = createTaskStore({ api: '/api/task', fetch });
      expect(await store.start('x')).toMatchObject({ status: 'completed' });
      store.dispose();
    }
    const ids = bodies.map((body) => (JSON.parse(body) as { taskId: string }).taskId);
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{32}$/);
    expect(new Set(ids).size).toBe(3);
    expect(warn.mock.calls).toEqual([[expect.stringContaining('`crypto`')]]);
  });

  it('a store does with signals that are no EventTarget at all', async () => {
    vi.stubGlobal('AbortController', PlainController);
    const { fetch } = answering();
    const { store } = createStore({ api: '/api/task', fetch });
    expect(await store.start('x')).toMatchObject({ status: 'completed' });
    await closed(store);
    const open = scriptFetch(() => eventStream(recording.bytesAfter().subarray(0, 400)));
    const other = createStore({ api: '/api/task', fetch: open.fetch });
    const end = other.store.start('x', { taskId });
    await reached(other.store, ({ status }) => status === 'running');
    other.store.detach();
    expect(await end).toMatchObject({ status: 'unsettled', error: { code: 'aborted' } });
  });

  it('a signal without addEventListener tells all who listen, until they stop', () => {
    const controller = new PlainController();
    const calls: string[] = [];
    controller.signal.onabort = () => calls.push('its own');
    onAbort(controller.signal, () => calls.push('first'));
    onAbort(controller.signal, () => calls.push('second'))();
    onAbort(controller.signal, () => calls.push('third'));
    controller.abort();
    expect(calls).toEqual(['its own', 'first', 'third']);
    onAbort(controller.signal, () => calls.push('late'));
    expect(calls.at(-1)).toBe('late');
  });

  it('a body that cannot be decoded is told at once', async () => {
    vi.stubGlobal('TextDecoder', undefined);
    const { fetch, requests } = scriptFetch(() => eventStream('retry: 1000\n\n'));
    const { store } = createStore({ api: '/api/task', fetch });
    const end = await store.start('x');
    expect(end).toMatchObject({ error: { code: 'unreadable-body' } });
    expect(end.status === 'unsettled' && end.error.message).toContain('TextDecoder');
    expect(requests).toHaveLength(1);
  });

  it('a stub of a document without listeners does no harm', async () => {
    vi.stubGlobal('document', {});
    const { fetch } = answering();
    const { store } = createStore({ api: '/api/task', fetch });
    expect(await store.start('x')).toMatchObject({ status: 'completed' });
  });

  it('a query comes to the server as it was given, whatever is in it', async () => {
    const server = await serve((response) => sendHead(response).end());
    const given = { reason: 'a b&c=d#?+ü/😀%20\ud800', taskId };
    vi.stubGlobal('URLSearchParams', undefined);
    const address = addQuery(`${server.api}?tenant=a`, given);
    vi.unstubAllGlobals();
    await fetch(address);
    expect(Object.fromEntries(server.requests[0]?.query ?? [])).toEqual({
      tenant: 'a',
      ...given,
      reason: given.reason.replace('\ud800', '\ufffd'),
    });
    expect(addQuery('/api/task', {})).toBe('/api/task');
  });
});
