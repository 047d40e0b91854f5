import type { ServerResponse } from 'node:http';
import type { ChatTransport, UIMessage } from 'ai';
import { describe, expect, it, vi } from 'vitest';
import { aborted, until } from '../../helpers/async';
import { chatVersions } from '../../helpers/chat-versions';
import { frame, recording, taskId } from '../../helpers/recording';
import type { WireRequest } from '../../helpers/wire-server';
import { serve } from '../helpers';
import { type ChatPage, openPage, sendTaskHead, serveChat, textOf } from './helpers';

/** A chat's stream of no task. */
const foreignChunks = [
  { type: 'start', messageId: 'foreign' },
  { type: 'data-task-heartbeat', data: { taskId, at: 1, intervalMs: 5 }, transient: true },
  { type: 'text-start', id: 't' },
  { type: 'text-delta', id: 't', delta: 'Hello.' },
  { type: 'text-end', id: 't' },
  { type: 'finish' },
];

function sendForeign(response: ServerResponse, chunks: object[] = foreignChunks): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  for (const chunk of chunks) response.write(`data: ${JSON.stringify(chunk)}\n\n`);
  response.end('data: [DONE]\n\n');
}

/** What a page saw of one turn. */
async function turnWith(page: ChatPage, transport: ChatTransport<UIMessage>) {
  const { chat, data, finishes, errors } = page.openChat({
    id: 'chat',
    transport,
    generateId: () => 'id',
  });
  await chat.sendMessage({ text: 'Go.' });
  const { messages, status } = chat;
  return {
    messages,
    status,
    data,
    finishes,
    errors: errors.map(plain),
    isLast: errors.at(-1) === chat.error,
  };
}

/** An error without where it happened and what socket it happened to. */
function plain(error: Error): object {
  return { ...error, name: error.name, message: error.message, cause: undefined };
}

describe.each(chatVersions)("in the place of AI SDK $version's own transport", (version) => {
  const answers: Record<string, (response: ServerResponse, request: WireRequest) => void> = {
    'an error as text': (response) => response.writeHead(500).end('It broke.'),
    'a JSON error of its own': (response) => response.writeHead(403).end('{"why":"No."}'),
    'a stream of no task': (response) => sendForeign(response),
    'a stream of no task with an error': (response) =>
      sendForeign(response, [
        ...foreignChunks.slice(0, -1),
        { type: 'error', errorText: 'Too long.' },
      ]),
    'a stream of no task that is cut': (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(`data: ${JSON.stringify(foreignChunks[0])}\n\n`, () =>
        response.socket?.destroy(),
      );
    },
    'a stream of no task that is malformed': (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.end('data: {"type":\n\n');
    },
    'a stream of another kind that names a task': (response) => {
      response.writeHead(200, { 'content-type': 'text/plain', 'x-task-id': taskId });
      response.end(foreignChunks.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`).join(''));
    },
  };

  it.each(Object.entries(answers))('passes on %s as it is', async (_, answer) => {
    const server = await serve(answer);
    const page = await openPage(version, { api: server.api });
    const stock = await turnWith(page, page.createStockTransport());
    expect(await turnWith(page, page.transport)).toEqual(stock);
    expect(server.requests).toHaveLength(2);
    const [first, second] = server.requests.map(({ method, path, body, headers }) => {
      const { taskId: _, ...sent } = JSON.parse(body);
      const compared = { ...headers, connection: undefined, 'content-length': undefined };
      return { method, path, sent, headers: compared };
    });
    expect(second).toEqual(first);
  });

  it.each(['a JSON error of its own', 'a stream of no task'])(
    'resumes with %s as it is',
    async (name) => {
      const server = await serve(answers[name]!);
      const page = await openPage(version, { api: server.api });
      const results = [];
      for (const transport of [page.createStockTransport(), page.transport]) {
        const { chat, errors } = page.openChat({ id: 'chat', transport });
        await chat.resumeStream();
        results.push({ messages: chat.messages, status: chat.status, errors: errors.map(plain) });
      }
      expect(results[1]).toEqual(results[0]);
    },
  );

  it('makes every request as the page prepares it, with fresh headers', async () => {
    const server = await serve((response, { method, headers }) => {
      if (method === 'DELETE') return response.end('{"cancelled":true}');
      sendTaskHead(response);
      const cursor = headers['last-event-id'] as string | undefined;
      const rest = cursor === undefined ? recording.chunks.slice(0, 3) : recording.chunks.slice(3);
      const start = recording.chunks.length - rest.length;
      const from = cursor === undefined ? 0 : start;
      response.end(rest.map((chunk, n) => frame(from + n, chunk)).join(''));
    });
    let token = 0;
    const used = vi.fn<typeof fetch>((input, init) =>
      fetch(input, { ...init, headers: { ...(init?.headers as object), 'x-fetch': 'own' } }),
    );
    const options = {
      api: `${server.api}?tenant=1#top`,
      headers: async () => ({ authorization: `token ${++token}` }),
      credentials: async () => 'include' as const,
      body: async () => ({ extra: true }),
      fetch: used,
    };
    const page = await openPage(version, options);
    await page.chat.sendMessage({ text: 'Go.' }, { headers: { 'x-turn': '1' } });
    expect(page.errors).toEqual([]);
    expect(textOf(page.answer())).toBe('Grüße 漢字 😀');
    expect(await page.transport.cancel('chat', 'a&b')).toBe(true);
    expect(
      server.requests.map(({ method, path, headers }) => [
        method,
        path,
        headers.authorization,
        headers['x-turn'],
        headers['x-fetch'],
        headers['last-event-id'],
      ]),
    ).toEqual([
      ['POST', '/api/task?tenant=1', 'token 1', '1', 'own', undefined],
      ['GET', `/api/task/chat/stream?tenant=1&taskId=${taskId}`, 'token 2', '1', 'own', '0-2'],
      [
        'DELETE',
        '/api/task/chat/stream?tenant=1&reason=a%26b',
        'token 3',
        undefined,
        'own',
        undefined,
      ],
    ]);
    expect(JSON.parse(server.requests[0]?.body ?? '')).toMatchObject({ id: 'chat', extra: true });
    expect(used.mock.calls.map(([, init]) => init?.credentials)).toEqual(
      Array.from({ length: 3 }, () => 'include'),
    );
    expect(used.mock.calls[2]?.[1]?.keepalive).toBe(true);
  });

  it('asks the hooks of the page for each kind of request', async () => {
    const seen: unknown[] = [];
    const server = await serve((response, { method, headers }) => {
      if (method === 'DELETE') return response.end('{"cancelled":true}');
      sendTaskHead(response);
      const cursor = headers['last-event-id'] as string | undefined;
      if (cursor !== undefined) return;
      response.end(
        recording.chunks
          .slice(0, 3)
          .map((chunk, n) => frame(n, chunk))
          .join(''),
      );
    });
    const hook = (name: string) => (given: Record<string, unknown>) => {
      const { id, body, api, taskId, reason, requestMetadata } = given;
      seen.push([name, { id, body, api, taskId, reason, requestMetadata }]);
      return {
        api: `${api}/${name}`,
        headers: { 'x-hook': name },
        credentials: 'omit' as const,
        body: { name },
      };
    };
    const page = await openPage(version, {
      api: server.api,
      body: { extra: true },
      prepareSendMessagesRequest: hook('send'),
      prepareReconnectToStreamRequest: hook('reconnect'),
    });
    const turn = page.chat.sendMessage({ text: 'Go.' }, { metadata: { a: 1 } });
    await until(() => server.requests.length === 2);
    await page.transport.cancel('chat', 'Enough.');
    const instance = page.createTransport({ prepareCancelRequest: hook('cancel') });
    await instance.cancel('chat', 'Enough.');
    await page.chat.stop();
    await turn;
    const query = `taskId=${taskId}`;
    expect(
      server.requests.map(({ method, path, headers }) => [method, path, headers['x-hook']]),
    ).toEqual([
      ['POST', '/api/task/send', 'send'],
      ['GET', `/api/task/reconnect?${query}`, 'reconnect'],
      ['DELETE', `/api/task/reconnect?${query}&reason=Enough.`, 'reconnect'],
      ['DELETE', `/api/task/cancel?${query}&reason=Enough.`, 'cancel'],
    ]);
    const common = { id: 'chat', api: server.api, body: { extra: true } };
    expect(seen).toEqual([
      ['send', { ...common, requestMetadata: { a: 1 } }],
      ['reconnect', { ...common, requestMetadata: { a: 1 } }],
      ['reconnect', common],
      ['cancel', { ...common, taskId, reason: 'Enough.' }],
    ]);
    expect(JSON.parse(server.requests[0]?.body ?? '')).toEqual({
      taskId: expect.any(String),
      name: 'send',
    });
  });

  it('names a chat by whatever id it has', async () => {
    const server = await serve((response, { method }) => {
      if (method === 'DELETE') response.end('{"cancelled":true}');
      else response.writeHead(204).end();
    });
    const page = await openPage(version, { api: server.api });
    // The lowest version puts an id into the address as it is.
    const isEncoded = version.version !== '7.0.112';
    const ids = ['one/two', '../up?taskId=x#top', '%2e%2e', '漢字'].slice(isEncoded ? 0 : -1);
    for (const id of ids) {
      const { chat, errors } = page.openChat({ id });
      await chat.resumeStream();
      expect(errors).toEqual([]);
      expect(await page.transport.cancel(id)).toBe(true);
    }
    const paths = ['one%2Ftwo', '..%2Fup%3FtaskId%3Dx%23top', '%252e%252e', '%E6%BC%A2%E5%AD%97']
      .slice(-ids.length)
      .map((name) => `/api/task/${name}/stream`);
    expect(server.requests.map(({ method, path }) => [method, path])).toEqual(
      paths.flatMap((path) => [
        ['GET', path],
        ['DELETE', path],
      ]),
    );
  });

  it('passes on chunks that this version of the AI SDK does not know', async () => {
    const chunk = { type: 'from-the-future', value: 1 };
    const server = await serve((response) => {
      const chunks = [...recording.chunks.slice(0, 2), chunk, ...recording.chunks.slice(2)];
      sendTaskHead(response).end(chunks.map((each, n) => frame(n, each)).join(''));
    });
    const page = await openPage(version, { api: server.api });
    await page.chat.sendMessage({ text: 'Go.' });
    expect(page.errors).toEqual([]);
    expect(textOf(page.answer())).toBe('Grüße 漢字 😀');
  });

  it("sends again by itself as the AI SDK does, when the chat's rule says so", async () => {
    const server = await serveChat({
      execute({ writer }, turn) {
        writer.write({ type: 'text-start', id: 't' });
        writer.write({ type: 'text-delta', id: 't', delta: `answer ${turn}` });
        writer.write({ type: 'text-end', id: 't' });
      },
    });
    const page = await openPage(version, {
      api: server.api,
      init: { sendAutomaticallyWhen: () => server.count('POST') < 3 },
    });
    await page.chat.sendMessage({ text: 'Go.' });
    expect(server.count('POST')).toBe(3);
    expect(page.finishes).toHaveLength(3);
    expect(textOf(page.answer())).toContain('answer 2');
  });

  it('takes a stop before the answer as the AI SDK does', async () => {
    const server = await serveChat({
      beforeTask: () => new Promise(() => {}),
      execute: ({ signal }) => aborted(signal),
    });
    const page = await openPage(version, { api: server.api });
    const turn = page.chat.sendMessage({ text: 'Go.' });
    await until(() => server.count('POST') === 1);
    await page.chat.stop();
    await turn;
    expect(page.errors).toEqual([]);
    expect(page.finishes).toEqual([{ isAbort: true, isDisconnect: false, isError: false }]);
  });
});
