// Whatever a client sends, by a raw socket where no HTTP client would: it gets a typed refusal, or
// that of Node's own HTTP parser, nothing starts, and nobody learns anything about the server.
import { gzipSync } from 'node:zlib';
import { createTaskRoute, defineTask, toNodeHandler } from 'ai-task-stream/server';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { type HttpServer, startHttpServer } from '../../helpers/http-server';
import { rawRequest, sendRaw } from '../../helpers/raw-http';
import { createOwnContext } from '../../helpers/tasks';

const taskId = 'malformed-task-1';
const maxBodyBytes = 4_096;

const execute = vi.fn(() => 'started');
const reported = vi.fn();
const streamContext = createOwnContext();
const open = vi.spyOn(streamContext, 'open');
let server: HttpServer;
let origin: string;

beforeAll(async () => {
  const task = defineTask({
    name: 'strict',
    input: z.strictObject({
      text: z.string().max(100),
      count: z.int().optional(),
      extra: z.unknown().optional(),
    }),
    execute,
  });
  const settings = { streamContext, maxBodyBytes, onError: reported };
  const handlers = {
    '/': toNodeHandler(createTaskRoute(task, settings)),
    '/get': toNodeHandler(createTaskRoute(task, { ...settings, allowGet: true })),
  };
  server = await startHttpServer((request, response) => {
    handlers[request.url?.startsWith('/get') ? '/get' : '/'](request, response);
  });
  ({ origin } = server);
});

afterAll(() => server.stop());

const common = ['Host: localhost', 'Connection: close'];

function post(body: string | Uint8Array, type = 'application/json', path = '/'): Uint8Array {
  const length = Buffer.byteLength(body);
  const lines = [`POST ${path} HTTP/1.1`, ...common, `Content-Length: ${length}`];
  return rawRequest(type ? [...lines, `Content-Type: ${type}`] : lines, body);
}

const json = (value: unknown) => post(JSON.stringify(value));

function request(method: string, path: string, ...headers: string[]): Uint8Array {
  return rawRequest([`${method} ${path} HTTP/1.1`, ...common, ...headers]);
}

/** With the query written as it stands. */
const get = (query: string, ...headers: string[]) => request('GET', `/?${query}`, ...headers);
const start = (query: string, ...headers: string[]) => request('GET', `/get?${query}`, ...headers);
const follow = (...headers: string[]) => get(`taskId=${taskId}`, ...headers);
const given = (input: unknown) =>
  start(`taskId=${taskId}&input=${encodeURIComponent(JSON.stringify(input))}`);

const fits = { text: 'fits' };
const nested = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`;
/** A surrogate without its other half, in the bytes that UTF-8 does not allow. */
const loneSurrogate = Buffer.from([0xed, 0xa0, 0x80]);

const refusals: Record<string, [name: string, bytes: Uint8Array][]> = {
  '405 method-not-allowed': [
    ...['PUT', 'PATCH', 'OPTIONS', 'TRACE', 'PROPFIND', 'M-SEARCH'].map(
      (method): [string, Uint8Array] => [`${method}`, request(method, `/?taskId=${taskId}`)],
    ),
    ['GET with an input', get(`taskId=${taskId}&input=%7B%7D`)],
    ['GET with an empty input', get(`taskId=${taskId}&input=`)],
    ['GET with an input and a cursor', get(`input=1&taskId=${taskId}`, 'Last-Event-ID: 0-1')],
  ],
  '415 unsupported-media-type': [
    ['no type', post(JSON.stringify({ input: fits }), '')],
    ['a form', post('input=1', 'application/x-www-form-urlencoded')],
    ['a multipart form', post('--x--', 'multipart/form-data; boundary=x')],
    ['text, as a form of another site may send', post('{"input":{}}', 'text/plain')],
    ['nearly the type', post('{}', 'application/json5')],
    ['two types', post('{}', 'application/json, text/plain')],
    ['a type in quotes', post('{}', '"application/json"')],
    ['no body and no type', request('POST', '/', 'Content-Length: 0')],
  ],
  '413 body-too-large': [
    ['a large body', json({ input: { text: 'x'.repeat(maxBodyBytes) } })],
    [
      'a length that is announced only',
      request('POST', '/', 'Content-Type: application/json', 'Content-Length: 99999999'),
    ],
    [
      'a large body in chunks',
      rawRequest(
        [
          'POST / HTTP/1.1',
          ...common,
          'Content-Type: application/json',
          'Transfer-Encoding: chunked',
        ],
        `2000\r\n${' '.repeat(0x2000)}\r\n0\r\n\r\n`,
      ),
    ],
    ['a large input in the query', given({ text: 'x'.repeat(maxBodyBytes) })],
  ],
  '400 invalid-body': [
    ['nothing', post('')],
    ['spaces', post('   ')],
    ['half of it', post('{"input":{"text":"a"')],
    ['two values', post('{}{}')],
    ['a comma too many', post('{"input":1,}')],
    ['single quotes', post("{'input':1}")],
    ['NaN', post('{"input":NaN}')],
    ['a comment', post('{} // none')],
    ['a bare line break in a string', post('{"input":"a\nb"}')],
    ['an escape that is none', post('{"input":"\\x41"}')],
    ...['[]', 'null', '7', '"text"', 'true'].map((body): [string, Uint8Array] => [
      `the value ${body}`,
      post(body),
    ]),
    ['bytes that are no UTF-8', post(Buffer.from('7b22696e707574223a22ff227d', 'hex'))],
    ['UTF-16', post(Buffer.from(JSON.stringify({ input: fits }), 'utf16le'))],
    [
      'a lone surrogate in bytes',
      post(Buffer.concat([Buffer.from('{"input":"'), loneSurrogate, Buffer.from('"}')])),
    ],
    ['gzip', post(gzipSync('{"input":{"text":"a"}}'))],
    ['the key __proto__', post('{"input":{"text":"a"},"__proto__":{"polluted":1}}')],
    ['the key __proto__ further down', post('{"input":{"a":[{"__proto__":{"polluted":1}}]}}')],
    ['the key __proto__ in escapes', post('{"input":{"\\u005f_proto__":{"polluted":1}}}')],
    ['constructor.prototype', post('{"input":{"constructor":{"prototype":{"polluted":1}}}}')],
    ['arrays nested 300 deep', post(`{"input":${nested(300)}}`)],
    ['arrays nested 2,000 deep', post(`{"input":${nested(2_000)}}`)],
    ['objects nested 600 deep', post(`${'{"a":'.repeat(600)}1${'}'.repeat(600)}`)],
  ],
  '400 invalid-task-id': [
    ['no id', get('')],
    ['an empty id', get('taskId=')],
    ['a short id', get('taskId=short')],
    ['a long id', get(`taskId=${'a'.repeat(129)}`)],
    ['a path as the id', get(`taskId=${encodeURIComponent('../../../../etc/passwd')}`)],
    ['a null byte in the id', get(`taskId=${taskId}%00`)],
    ['CR and LF in the id', get(`taskId=${taskId}%0D%0Ax-injected:%201`)],
    ['letters of another script in the id', get(`taskId=${encodeURIComponent('ä'.repeat(20))}`)],
    ['an escape that is none in the id', get('taskId=%zzzzzzzzzzzzzzzzzz')],
    ['a malformed id to cancel', request('DELETE', '/?taskId=no')],
    ['no id to cancel', request('DELETE', '/')],
    ['a number as the id', json({ taskId: 1e21, input: fits })],
    ['a number beyond all bounds', post('{"taskId":1e999,"input":{"text":"a"}}')],
    ['null as the id', json({ taskId: null, input: fits })],
    ['an object as the id', json({ taskId: { toString: taskId }, input: fits })],
    ['a list with an id', json({ taskId: [taskId], input: fits })],
    ['a lone surrogate in the id', post(`{"taskId":"${taskId}\\ud800","input":{"text":"a"}}`)],
    ['an input to start by GET without an id', start('input=%7B%22text%22%3A%22a%22%7D')],
    ['an input to start by GET with a bad id', start('taskId=a+b&input=1')],
  ],
  '400 invalid-query': [
    ['two ids', get(`taskId=${taskId}&taskId=${taskId}`)],
    ['two ids, one in escapes', get(`taskId=${taskId}&%74askId=another-task-id-1`)],
    ['an id in bytes that are no UTF-8', get(`taskId=${taskId}%FF`)],
    ['two ids to cancel', request('DELETE', `/?taskId=${taskId}&taskId=${taskId}`)],
    ['two reasons', request('DELETE', `/?taskId=${taskId}&reason=a&reason=b`)],
    ['two cursors', get(`taskId=${taskId}&lastEventId=0-1&lastEventId=0-2`)],
    ['two inputs', start(`taskId=${taskId}&input=1&input=2`)],
    ['an input in bytes that are no UTF-8', start(`taskId=${taskId}&input=%22%E0%A4%22`)],
    ['a lone surrogate in the query', start(`taskId=${taskId}&input=%22%ED%A0%80%22`)],
    ['another kind of events', get(`taskId=${taskId}&events=all`)],
    ['two kinds of events', get(`taskId=${taskId}&events=named&events=named`)],
    [
      'another kind of events to start with',
      post('{"input":{"text":"a"}}', undefined, '/?events='),
    ],
  ],
  '400 invalid-cursor': [
    ...['0', '0-', '-1', '00-1', '0-01', '1e3-1', '0-1-2', '\x41', `0-${'9'.repeat(400)}`].map(
      (cursor): [string, Uint8Array] => [
        `the cursor ${cursor.slice(0, 20)}`,
        follow(`Last-Event-ID: ${cursor}`),
      ],
    ),
    ['two cursors in headers', follow('Last-Event-ID: 0-1', 'Last-Event-ID: 0-2')],
    ['a cursor in Latin-1', follow('Last-Event-ID: 0-\xe4')],
    ['a cursor with a line break in the query', get(`taskId=${taskId}&lastEventId=0-1%0A`)],
    ['a bad cursor beside an input', start(`taskId=${taskId}&input=1`, 'Last-Event-ID: x')],
  ],
  '400 invalid-input': [
    ['no input', json({})],
    ['null', json({ input: null })],
    ['text', json({ input: 'text' })],
    ['another type', json({ input: { text: 7 } })],
    ['a key too many', json({ input: { text: 'a', more: 1 } })],
    ['too long a text', json({ input: { text: 'a'.repeat(101) } })],
    ['a number beyond all bounds', post('{"input":{"text":"a","count":1e999}}')],
    ['an integer that is not safe', post('{"input":{"text":"a","count":9007199254740993}}')],
    ['no JSON in the query', start(`taskId=${taskId}&input={text:1}`)],
    ['an empty input in the query', start(`taskId=${taskId}&input=`)],
    ['another type in the query', given({ text: 7 })],
    [
      'the key __proto__ in the query',
      start(`taskId=${taskId}&input={"text":"a","extra":{"__proto__":{}}}`),
    ],
    [
      'an input nested 300 deep in the query',
      start(`taskId=${taskId}&input={"text":"a","extra":${nested(300)}}`),
    ],
  ],
  '403 forbidden': [
    ['a link', start(`taskId=${taskId}&input=1`, 'Sec-Fetch-Mode: navigate')],
    ['an image', start(`taskId=${taskId}&input=1`, 'Sec-Fetch-Mode: no-cors')],
  ],
  '404 not-found': [
    ['a task that is not there', follow()],
    ['a path that is none', request('GET', `//[bad/?taskId=${taskId}`)],
    ['an address of a host with a user', request('GET', `http://a:b@c/?taskId=${taskId}`)],
    ['a Host header that is none', rawRequest([`GET /?taskId=${taskId} HTTP/1.0`, 'Host: a b'])],
    ['a cursor for a task that is not there', follow('Last-Event-ID: 999999999999999-1')],
    ['a cancel of a task that is not there', request('DELETE', '/?taskId=never-opened-task')],
    [
      'an input beside a cursor for a task that is not there',
      start(`taskId=${taskId}&input=%7B%22text%22%3A%22a%22%7D`, 'Last-Event-ID: 0-3'),
    ],
  ],
};

/** Never reach us: Node's HTTP parser answers, and closes the connection. */
const notHttp: [name: string, bytes: Uint8Array, status: number][] = [
  ['a method that is none', request('START', '/'), 400],
  ['no HTTP at all', rawRequest(['hello']), 400],
  ['no Host', rawRequest(['GET / HTTP/1.1', 'Connection: close']), 400],
  ['another version', rawRequest(['GET / HTTP/9.9', ...common]), 400],
  ['a space in a header name', follow('Last-Event ID: 0-1'), 400],
  ['a bare CR in a header', follow('Last-Event-ID: 0-1\rx-injected: 1'), 400],
  ['a null byte in a header', follow('Last-Event-ID: 0-\0'), 400],
  ['a length that is none', request('POST', '/', 'Content-Length: 1x'), 400],
  ['a negative length', request('POST', '/', 'Content-Length: -1'), 400],
  ['a length beyond all bounds', request('POST', '/', `Content-Length: ${'9'.repeat(30)}`), 400],
  ['two lengths', request('POST', '/', 'Content-Length: 1', 'Content-Length: 2'), 400],
  [
    'a length and chunks',
    request('POST', '/', 'Content-Length: 1', 'Transfer-Encoding: chunked'),
    400,
  ],
  [
    'a chunk whose length is none',
    rawRequest(
      [
        'POST / HTTP/1.1',
        ...common,
        'Content-Type: application/json',
        'Transfer-Encoding: chunked',
      ],
      'zz\r\n{}\r\n0\r\n\r\n',
    ),
    400,
  ],
  ['headers without end', follow(`X-Large: ${'x'.repeat(70_000)}`), 431],
  ['an expectation that nobody knows', follow('Expect: the-unexpected'), 417],
];

const ours = Object.entries(refusals).flatMap(([answer, requests]) =>
  requests.map(([name, bytes]) => ({ answer, name, bytes })),
);

const secrets = /\/src|node_modules|node:|\.[jt]s\b|\n\s+at |Error:/;

async function expectNothing(text: string): Promise<void> {
  expect(text).not.toMatch(secrets);
  expect(text).not.toContain(process.cwd());
  expect(open).not.toHaveBeenCalled();
  expect(execute).not.toHaveBeenCalled();
  // Which would mean that it was a failure of ours.
  expect(reported).not.toHaveBeenCalled();
  expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
}

describe('a malformed request, by its query (R-HTTP-6) or otherwise', () => {
  it.each(ours)('is refused with $answer: $name', async ({ answer, bytes }) => {
    const { status, headers, body, text } = await sendRaw(origin, bytes);
    const { error, ...others } = JSON.parse(body || '{}');
    expect(`${status} ${error?.code}`).toBe(answer);
    expect(others).toEqual({});
    expect(error.message).toEqual(expect.stringMatching(/\.$/));
    expect(headers.get('content-type')).toBe('application/json');
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('x-injected')).toBeNull();
    expect(headers.get('allow') !== null).toBe(status === 405);
    await expectNothing(text);
  });

  it.each(notHttp)('is refused by Node before it reaches us: %s', async (_name, bytes, status) => {
    const answer = await sendRaw(origin, bytes);
    expect({ status: answer.status, body: answer.body }).toEqual({ status, body: '' });
    await expectNothing(answer.text);
  });

  it('whose body breaks off is nobody’s failure', async () => {
    const lines = ['POST / HTTP/1.1', ...common, 'Content-Type: application/json'];
    const bytes = rawRequest([...lines, 'Content-Length: 50'], '{"input":');
    const answer = await sendRaw(origin, bytes, { breaksOff: true });
    expect(answer.status).toBe(400);
    await expectNothing(answer.text);
  });

  // The last one: it shows that the tests above could have seen a start.
  it('leaves the server to serve a sound one, lone surrogate in an escape and all', async () => {
    const response = await fetch(origin, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"input":{"text":"\\ud83d"}}',
    });
    expect(response.status).toBe(200);
    expect(await response.text()).toContain('"result":"started"');
    expect(execute).toHaveBeenCalledWith(
      expect.objectContaining({ input: { text: String.fromCharCode(0xd83d) } }),
    );
    // A stream asks to keep its connection alive.
    server.cut();
  });
});

it('the table has more than 60 of them', () => {
  expect(ours.length + notHttp.length).toBeGreaterThan(60);
});
