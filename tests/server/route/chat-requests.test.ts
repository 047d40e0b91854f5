// The routes of docs/chat.md with an owner and with messages that are checked, asked for what no
// page of theirs would ask. What others see is compared byte by byte with what nobody has.
import type { UIMessage } from 'ai';
import { taskDataPartSchemas } from 'ai-task-stream';
import { cancelTask, resumeTask, streamTask, toNodeHandler } from 'ai-task-stream/server';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type AiVersion, aiVersions } from '../../helpers/ai-versions';
import { aborted } from '../../helpers/async';
import { type HttpServer, startHttpServer } from '../../helpers/http-server';
import { rawRequest, sendRaw } from '../../helpers/raw-http';
import { createId, createOwnContext } from '../../helpers/tasks';

const streamContext = createOwnContext();
const open = vi.spyOn(streamContext, 'open');
const execute = vi.fn(({ signal }: { signal: AbortSignal }) => aborted(signal));
let checkMessages: AiVersion['validateUIMessages'] | undefined;
let server: HttpServer;
let origin: string;

/** The chat in the path, and what the query names. */
function addressOf(request: Request) {
  const { pathname, searchParams } = new URL(request.url);
  return {
    chatId: decodeURIComponent(pathname.split('/')[3] ?? ''),
    taskId: searchParams.get('taskId') ?? undefined,
    owner: request.headers.get('x-user') ?? undefined,
  };
}

const handle = toNodeHandler({
  async POST(request) {
    const { id, messages }: { id: string; messages: UIMessage[] } = await request.json();
    try {
      await checkMessages?.({ messages, dataSchemas: taskDataPartSchemas });
    } catch {
      return Response.json({ error: { code: 'invalid-input' } }, { status: 400 });
    }
    const { owner } = addressOf(request);
    const originalMessages = messages;
    return streamTask({ streamContext, chatId: id, owner, originalMessages, execute }).toResponse();
  },
  async GET(request) {
    return resumeTask({ streamContext, request, ...addressOf(request) }).toResponse();
  },
  async DELETE(request) {
    return Response.json({ cancelled: await cancelTask({ streamContext, ...addressOf(request) }) });
  },
});

beforeAll(async () => {
  server = await startHttpServer(handle);
  ({ origin } = server);
});

afterAll(() => server.stop());

const headers = (user: string) => ({ 'x-user': user, connection: 'close' });

const question: UIMessage = { id: 'u1', role: 'user', parts: [{ type: 'text', text: 'Go.' }] };

/** Asks a question in a chat, and leaves its answer, which goes on. */
async function start(chatId: string, user: string, messages: unknown = [question]) {
  const response = await fetch(`${origin}/api/chat`, {
    method: 'POST',
    headers: headers(user),
    body: JSON.stringify({ id: chatId, messages }),
  });
  await response.body?.cancel();
  return { status: response.status, taskId: response.headers.get('x-task-id') ?? '' };
}

/** As the transport names a chat. */
const streamOf = (chatId: string) => `/api/chat/${encodeURIComponent(chatId)}/stream`;

async function cancel(chatId: string, user: string): Promise<unknown> {
  const method = 'DELETE';
  const response = await fetch(`${origin}${streamOf(chatId)}`, { method, headers: headers(user) });
  return response.json();
}

/** All that a client is told, but for the time. */
async function bytes(method: string, path: string, user: string): Promise<string> {
  const lines = [`${method} ${path} HTTP/1.1`, 'Host: localhost', `X-User: ${user}`];
  const { text } = await sendRaw(origin, rawRequest([...lines, 'Connection: close']));
  return text.replace(/^Date: .*\r\n/m, '');
}

describe('a chat whose id has characters of a path', () => {
  it.each([
    'one/two',
    '../chats',
    '/',
    '.hidden.',
    'a?b=c&taskId=x#d',
    '%2e%2e%2f',
    'back\\slash',
    'a b+c',
    '漢字 😀',
    '\u0000',
    '__proto__',
    'x'.repeat(4_000),
  ])('is followed and stopped like any other: %j', async (chatId) => {
    const { taskId } = await start(chatId, 'ada');
    for (const other of [
      `x${chatId}`,
      `${chatId}/`,
      chatId.split('/')[0] ?? '',
      chatId.toUpperCase(),
    ]) {
      if (other === chatId) continue;
      expect(await bytes('GET', streamOf(other), 'ada')).toMatch(/^HTTP\/1\.1 204 /);
    }
    const followed = await fetch(`${origin}${streamOf(chatId)}`, { headers: headers('ada') });
    expect(followed.headers.get('x-task-id')).toBe(taskId);
    expect(await cancel(chatId, 'ada')).toEqual({ cancelled: true });
    expect(await followed.text()).toContain('"status":"cancelled"');
    expect(await bytes('GET', streamOf(chatId), 'ada')).toMatch(/^HTTP\/1\.1 204 /);
  });
});

describe('a chat of somebody else', () => {
  it('looks exactly like one that never was', async () => {
    const { taskId } = await start('private', 'ada');
    for (const user of ['eve', '']) {
      const ask = async (method: string, path: string) => bytes(method, path, user);
      expect(await ask('GET', streamOf('private'))).toMatch(/^HTTP\/1\.1 204 /);
      for (const method of ['GET', 'DELETE']) {
        expect(await ask(method, streamOf('private'))).toBe(await ask(method, streamOf('no-such')));
      }
      // The chat's name in the address opens nothing either.
      for (const chatId of ['private', 'no-such']) {
        const path = (id: string) => `${streamOf(chatId)}?taskId=${id}`;
        expect(await ask('GET', path(taskId))).toMatch(/^HTTP\/1\.1 404 /);
        expect(await ask('GET', path(taskId))).toBe(await ask('GET', path(createId())));
        expect(await ask('DELETE', path(taskId))).toContain('{"cancelled":false}');
      }
    }
    const followed = await fetch(`${origin}${streamOf('private')}`, { headers: headers('ada') });
    expect(await cancel('private', 'ada')).toEqual({ cancelled: true });
    expect(await followed.text()).toContain('"status":"cancelled"');
  });

  it('is not superseded by a chat of the same name', async () => {
    const own = await start('shared-name', 'ada');
    const other = await start('shared-name', 'eve');
    for (const [user, taskId] of [
      ['ada', own.taskId],
      ['eve', other.taskId],
    ] as const) {
      const url = `${origin}${streamOf('shared-name')}`;
      const followed = await fetch(url, { headers: headers(user) });
      expect(followed.headers.get('x-task-id')).toBe(taskId);
      expect(await cancel('shared-name', user)).toEqual({ cancelled: true });
      expect(await followed.text()).toContain('"status":"cancelled"');
    }
  });
});

describe('a taskId that is none', () => {
  it.each(['', 'short', '../../etc/passwd', 'x'.repeat(129), '%00'.repeat(20)])(
    'is refused: %j',
    async (taskId) => {
      for (const method of ['GET', 'DELETE']) {
        const answer = await bytes(method, `${streamOf('chat')}?taskId=${taskId}`, 'ada');
        expect(answer).toMatch(/^HTTP\/1\.1 400 /);
        expect(answer).toContain('"invalid-task-id"');
      }
    },
  );
});

describe('a body that the route cannot read', () => {
  it.each(['', '{', 'null'])('is answered, and ends nothing else: %j', async (body) => {
    const reported = vi.spyOn(console, 'error').mockImplementation(() => {});
    const lines = ['POST /api/chat HTTP/1.1', 'Host: localhost', 'Connection: close'];
    const request = rawRequest([...lines, `Content-Length: ${body.length}`], body);
    const { status, body: answer } = await sendRaw(origin, request);
    expect(reported.mock.calls).toHaveLength(1);
    reported.mockRestore();
    expect(status).toBe(500);
    const message = 'The request failed.';
    expect(JSON.parse(answer)).toEqual({ error: { code: 'internal', message } });
  });
});

describe.each(aiVersions)('messages that AI SDK $version refuses', ({ validateUIMessages }) => {
  const settle = { taskId: createId(), status: 5, durationMs: 1, settledAt: 1 };

  const refused: unknown[] = [
    null,
    5,
    'Go.',
    {},
    [],
    [null],
    [{}],
    [{ role: 'assistant' }],
    [{ ...question, id: 5 }],
    [{ ...question, role: 'root' }],
    [{ ...question, parts: 'Go.' }],
    [{ ...question, parts: [null] }],
    [{ ...question, parts: [{}] }],
    [{ ...question, parts: [{ type: 'text' }] }],
    [question, { id: 'a', role: 'assistant', parts: [{ type: 'tool-x', state: 'later' }] }],
    [question, { id: 'a', role: 'assistant', parts: [{ type: 'data-unknown', data: {} }] }],
    [question, { id: 'a', role: 'assistant', parts: [{ type: 'data-task-settle', data: settle }] }],
  ];

  it.each(refused.map((messages) => ({ messages })))(
    'are answered with 400, and start nothing: %j',
    async ({ messages }) => {
      checkMessages = validateUIMessages;
      open.mockClear();
      execute.mockClear();
      const { status, taskId } = await start('checked', 'ada', messages);
      checkMessages = undefined;
      expect({ status, taskId }).toEqual({ status: 400, taskId: '' });
      expect(open).not.toHaveBeenCalled();
      expect(execute).not.toHaveBeenCalled();
      expect(await bytes('GET', streamOf('checked'), 'ada')).toMatch(/^HTTP\/1\.1 204 /);
    },
  );
});

describe('messages that were not checked', () => {
  it.each([
    5,
    {},
    'messages',
    [null],
    [{ role: 'assistant' }],
    [{ id: 'a', role: 'assistant', parts: 'text' }],
    [{ id: 'a', role: 'assistant', parts: [null] }],
    [{ id: 'a', role: 'assistant', parts: [{ text: 'x' }] }],
  ])('are refused, and nothing is started: %j', async (messages) => {
    const execute = vi.fn();
    const response = await streamTask({
      streamContext: createOwnContext(),
      chatId: createId(),
      // As a route passes on what it has parsed.
      originalMessages: messages as never,
      execute,
    }).toResponse();
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { code: 'invalid-body' } });
    expect(execute).not.toHaveBeenCalled();
  });
});
