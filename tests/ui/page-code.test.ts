import { describe, expect, it, vi } from 'vitest';
import { TaskError } from '../../src/protocol/task-error';
import { createReviver, deriveMessageTask, findMessageTask } from '../../src/ui/message-task';
import { frame, partial, record, recording, settle, snapshot, taskId } from '../helpers/recording';
import { eventStream, scriptFetch } from '../helpers/scripted-fetch';
import { createStore } from './helpers';

const errorOfOurs = new TaskError({ code: 'no-session', message: 'Sign in.' });

const whole = () => eventStream(recording.bytesAfter(), { end: true });

/** What a start comes to, and how many requests that took. */
async function startWith(options: Partial<Parameters<typeof createStore>[0]>, input?: unknown) {
  const { fetch, requests } = scriptFetch(whole);
  const { store, calls } = createStore({
    api: '/api/task',
    fetch,
    reconnect: { maxAttempts: 5 },
    ...options,
  });
  const end = await store.start(input, { taskId });
  const error = end.status === 'unsettled' ? end.error : undefined;
  return { end, error, calls, requests, store };
}

function typeError(message: string, { stack = true } = {}): TypeError {
  const error = new TypeError(message);
  if (!stack) Reflect.deleteProperty(error, 'stack');
  return error;
}

describe('a fault of the page’s own code', () => {
  const cause = new Error('Unknown encoding 7.');

  it.each(['partial', 'result'])('is told at once: a %s that cannot be parsed', async (kind) => {
    const chunks = [snapshot(), partial(0, 'a'), settle({ result: 'b' })];
    const parse = (text: string) => {
      if ((text === 'a') === (kind === 'partial')) throw cause;
      return text;
    };
    const { fetch, requests } = scriptFetch(() =>
      eventStream(record(chunks).bytesAfter(), { end: true }),
    );
    const { error, calls, store } = await startWith({
      fetch,
      transformer: { stringify: String, parse },
    });
    expect(error).toMatchObject({ code: 'page-failed', retryable: false, cause });
    expect(error?.message).toBe('`transformer.parse` failed: Unknown encoding 7.');
    expect(store.getState()).toMatchObject({ status: 'unsettled', error: { code: 'page-failed' } });
    expect(calls.at(-1)).toEqual(['error', 'page-failed']);
    expect(requests).toHaveLength(1);
  });

  it('is told at once: an input that the transformer cannot write', async () => {
    const stringify = () => {
      throw cause;
    };
    const { error, requests } = await startWith({ transformer: { stringify, parse: String } });
    expect(error).toMatchObject({ code: 'page-failed', cause });
    expect(error?.message).toBe('`transformer.stringify` failed: Unknown encoding 7.');
    expect(requests).toHaveLength(0);
  });

  it.each([
    ['a function that throws', () => Promise.reject(new Error('No session.')), 'No session.'],
    ['no string', () => Promise.reject('No session.'), 'No session.'],
    ['a value no header can have', { 'x-name': 'a\nb' }, 'header'],
    ['a bug', () => (undefined as never as { get(): HeadersInit }).get(), "reading 'get'"],
  ])('is told at once: headers that are %s', async (_, headers, message) => {
    const { error, requests } = await startWith({ headers });
    expect(error).toMatchObject({ code: 'page-failed' });
    expect(error?.message).toMatch(/^`headers` failed: /);
    expect(error?.message).toContain(message);
    expect(requests).toHaveLength(0);
  });

  it.each([
    typeError("Cannot read properties of undefined (reading 'fetch')"),
    typeError('fetch.with is not a function'),
    typeError('undefined is not an object'),
    typeError('options is undefined'),
    typeError("Failed to execute 'fetch' on 'Window': Invalid name"),
    typeError('The tenant must be given.'),
    new ReferenceError('fetsh is not defined'),
    new RangeError('Invalid time value'),
    new URIError('URI malformed'),
  ])('is told at once: a fetch that throws %s', async (thrown) => {
    let asked = 0;
    const { error } = await startWith({
      fetch() {
        asked += 1;
        throw thrown;
      },
    });
    expect(error).toMatchObject({ code: 'page-failed', cause: thrown });
    expect(error?.message).toBe(`\`fetch\` failed: ${thrown.message}`);
    expect(asked).toBe(1);
  });

  it('is told at once: a fetch that gives no answer', async () => {
    const { error } = await startWith({ fetch: async () => undefined as never });
    expect(error).toMatchObject({ code: 'page-failed' });
  });

  it.each([
    ['/api/task', undefined],
    ['localhost:3000/api/task', undefined],
    ['api/task', (input: RequestInfo | URL) => fetch(input)],
  ])('is told at once: the address %s outside a page', async (api, given) => {
    const { error } = await startWith({ api, fetch: given });
    expect(error?.code).toBe('page-failed');
    expect(error?.message).toMatch(
      given ? /^`fetch` failed: .*api\/task/ : /^`api` without a host/,
    );
  });

  it('is told at once: an option that throws while a pause is made', async () => {
    const random = () => {
      throw cause;
    };
    const fetch = () => Promise.reject(typeError('Failed to fetch'));
    const { error } = await startWith({ fetch, random });
    expect(error).toMatchObject({ code: 'page-failed', cause });
  });

  it('stays what it is when the page throws an error of ours', async () => {
    const { error } = await startWith({ headers: () => Promise.reject(errorOfOurs) });
    expect(error).toBe(errorOfOurs);
  });

  it('is told on the console when it keeps a cancel from being asked for', async () => {
    const told = vi.spyOn(console, 'error').mockImplementation(() => {});
    const { store } = createStore({
      api: '/api/task',
      fetch: async (_, init) =>
        init?.method === 'DELETE'
          ? Promise.reject(new ReferenceError('tokn is not defined'))
          : eventStream(frame(0, snapshot())),
    });
    void store.start('x', { taskId });
    expect(await store.cancel()).toBe(false);
    expect(told.mock.calls).toMatchObject([[{ code: 'page-failed' }]]);
    told.mockRestore();
  });

  it('is shown in a message, whose other parts stay', () => {
    const parts = [snapshot({ status: 'completed' }), settle({ result: 'not for us' })];
    const message = { id: 'm', role: 'assistant', parts: parts as never } as const;
    const parse = () => {
      throw cause;
    };
    const reviver = createReviver({ stringify: String, parse });
    const task = findMessageTask(message, undefined);
    const state = deriveMessageTask(message, task, undefined, reviver);
    expect(state).toMatchObject({ status: 'completed', error: { code: 'page-failed' } });
    expect(state.result).toBeUndefined();
  });
});

describe('what may be the network’s', () => {
  it.each([
    typeError('Failed to fetch'),
    typeError('fetch failed'),
    typeError('Load failed'),
    typeError('terminated'),
    typeError('NetworkError when attempting to fetch resource.'),
    typeError('Network request failed'),
    typeError('Unable to connect. Is the computer able to access the url?'),
    typeError('Die Internetverbindung scheint offline zu sein.', { stack: false }),
    typeError('La connexion réseau a été perdue.', { stack: false }),
    Object.assign(new Error('timeout of 450 ms exceeded'), { code: 'ECONNABORTED' }),
    new Error('Network Error'),
    new Error('down'),
    new SyntaxError('Unexpected token <'),
    'down',
  ])('is tried again: %s', async (thrown) => {
    let asked = 0;
    const { end } = await startWith({
      fetch: async () => (asked++ < 2 ? Promise.reject(thrown) : whole()),
    });
    expect(end.status).toBe('completed');
    expect(asked).toBe(3);
  });

  it('is tried again when a token cannot be fetched for the headers', async () => {
    let asked = 0;
    const { end } = await startWith({
      headers: async () =>
        asked++ < 2 ? Promise.reject(typeError('Failed to fetch')) : { 'x-token': 'a' },
    });
    expect(end.status).toBe('completed');
  });

  it('is in the message when it is given up', async () => {
    const cause = Object.assign(new Error(''), { code: 'ECONNREFUSED' });
    const thrown = Object.assign(typeError('fetch failed'), { cause });
    const { error } = await startWith({ fetch: () => Promise.reject(thrown) });
    expect(error).toMatchObject({ code: 'gave-up', cause: thrown });
    expect(error?.message).toContain('fetch failed ECONNREFUSED');
    const long = await startWith({ fetch: () => Promise.reject(new Error('x'.repeat(10_000))) });
    expect(long.error?.message.length).toBeLessThan(400);
  });
});

describe('a fetch that throws what was answered', () => {
  const ours = { error: { code: 'not-found', message: 'No such task.', retryable: false } };
  const withFields = (fields: object, message = 'Failed.') =>
    Object.assign(new Error(message), fields);

  it.each([
    ['HTTP 404'],
    ['Request failed with status code 404'],
    ['HTTP error! status: 404'],
    ['404 Not Found'],
    ['Error: 404'],
    ['Failed to fetch: 404'],
  ])('is read as that answer: %s', async (message) => {
    let asked = 0;
    const { error } = await startWith({
      fetch() {
        asked += 1;
        return Promise.reject(new Error(message));
      },
    });
    expect(error).toMatchObject({ code: 'refused', details: { status: 404 } });
    expect(error?.message).toContain(message);
    expect(asked).toBe(1);
  });

  it.each([
    ['status and data', () => withFields({ status: 404, data: ours })],
    ['statusCode and data', () => withFields({ statusCode: 404, data: ours })],
    ['a response', () => withFields({ response: Response.json(ours, { status: 404 }) })],
    ['a parsed response', () => withFields({ response: { status: 404, data: ours } })],
    ['a response as it is', () => Response.json(ours, { status: 404 })],
  ])('gives our own error: with %s', async (_, thrown) => {
    let asked = 0;
    const { error } = await startWith({
      fetch() {
        asked += 1;
        return Promise.reject(thrown());
      },
    });
    expect(error).toMatchObject({ code: 'not-found', message: 'No such task.' });
    expect(asked).toBe(1);
  });

  it('gives nothing final where the answer was none, or may pass', async () => {
    for (const status of [0, 200, 408, 425, 429, 500, 503]) {
      let asked = 0;
      const { end } = await startWith({
        fetch: async () => (asked++ < 1 ? Promise.reject(withFields({ status })) : whole()),
      });
      expect(end.status, `${status}`).toBe('completed');
    }
  });
});

describe('a refusal that is none of ours', () => {
  /** The message that a page shows. */
  async function messageOf(body: string | null, status = 401, type = 'text/plain') {
    const headers = { 'content-type': type };
    const fetch = async () => new Response(body, { status, headers });
    const { error } = await startWith({ fetch });
    expect(error).toMatchObject({ code: 'refused', details: { status } });
    return error?.message;
  }

  it.each([
    ['Sign in first.', 'Sign in first.'],
    ['  Sign\r\n\tin   first.\n', 'Sign in first.'],
    ['{"message":"Sign in first."}', 'Sign in first.'],
    ['{"error":"Sign in first."}', 'Sign in first.'],
    ['{"error":{"message":"Sign in first."}}', 'Sign in first.'],
    ['{"title":"No","detail":"Sign in first."}', 'Sign in first.'],
    ['"Sign in first."', 'Sign in first.'],
  ])('is shown with its words: %j', async (body, words) => {
    expect(await messageOf(body)).toBe(`Status 401: ${words}`);
  });

  it.each([
    '<!doctype html><title>Sign in</title>',
    '<html><body>Sign in</body></html>',
    'Oops: <b>Sign in</b>',
    '{"message":"<p>Sign in</p>"}',
    '<?xml version="1.0"?><Error/>',
    '{"a":1}',
    '[1,2]',
    '',
    null,
  ])('is shown by its status where there are none, or markup: %j', async (body) => {
    expect(await messageOf(body)).toBe('Status 401. Check address and access.');
  });

  it('is shown in part where it is long', async () => {
    const message = await messageOf('a'.repeat(100_000));
    expect(message).toBe(`Status 401: ${'a'.repeat(200)}…`);
  });

  it('is told though its body never ends', async () => {
    const silent = () => new Response(new ReadableStream(), { status: 403 });
    const { error } = await startWith({ fetch: async () => silent(), stallTimeoutMs: 20 });
    expect(error).toMatchObject({ code: 'refused', details: { status: 403 } });
  });
});
