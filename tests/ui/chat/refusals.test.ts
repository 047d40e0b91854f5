import { describe, expect, it } from 'vitest';
import { until } from '../../helpers/async';
import { cutAfter } from '../../helpers/chat-server';
import { chatVersions } from '../../helpers/chat-versions';
import { sendError } from '../../helpers/wire-server';
import { serve } from '../helpers';
import { openPage, serveChat, textOf } from './helpers';

describe.each(chatVersions)('a chat of AI SDK $version', (version) => {
  it.each([
    [401, 'unauthorized', 'Sign in first.'],
    [429, 'too-many-tasks', 'Try again in a minute.'],
    [503, 'context-unavailable', 'The storage of tasks is away. Try again shortly.'],
    [404, 'not-found', 'There is no such task.'],
  ])('tells the refusal %i of a route as a sentence', async (status, code, message) => {
    const server = await serve((response) => sendError(response, status, { code, message }));
    const page = await openPage(version, {
      api: server.api,
      reconnect: { maxAttempts: 1 },
    });
    await page.chat.sendMessage({ text: 'Go.' });
    expect(page.chat.error).toMatchObject({ message, code });
    const another = page.openChat({ id: 'another' });
    await another.chat.resumeStream();
    expect(another.errors).toMatchObject([{ message, code }]);
  });

  it('says which route is missing where another server has none', async () => {
    const server = await serve((response) =>
      response.writeHead(404, { 'content-type': 'text/html' }).end('<html>Nothing here</html>'),
    );
    const page = await openPage(version, { api: server.api });
    await page.chat.sendMessage({ text: 'Go.' });
    expect(page.chat.error?.message).toBe(
      `Status 404: add the route that starts tasks, POST ${server.api}.`,
    );
    const another = page.openChat({ id: 'another' });
    await another.chat.resumeStream();
    expect(another.errors[0]?.message).toBe(
      `Status 404: add the route that resumes tasks, GET ${server.api}/another/stream.`,
    );
  });

  it('says which route is missing after a cut, when there is one for starts alone', async () => {
    const server = await serveChat({
      async execute({ writer }) {
        writer.write({ type: 'text-start', id: 't' });
        writer.write({ type: 'text-delta', id: 't', delta: 'Hello' });
        await until(() => server.count('GET') > 0);
      },
      intercept({ method }, response) {
        if (method === 'GET') response.writeHead(404).end('<html>Nothing here</html>');
        else cutAfter(response, 700);
        return method === 'GET';
      },
      heartbeatMs: 100,
    });
    const page = await openPage(version, { api: server.api });
    await page.chat.sendMessage({ text: 'Go.' });
    expect(page.chat.error?.message).toContain(`GET ${server.api}/chat/stream.`);
  });

  it('sends a turn again by the same name while its answer is lost, and runs it once', async () => {
    let runs = 0;
    const server = await serveChat({
      execute({ writer }) {
        runs++;
        writer.write({ type: 'text-start', id: 't' });
        writer.write({ type: 'text-delta', id: 't', delta: 'Hello.' });
        writer.write({ type: 'text-end', id: 't' });
      },
      intercept({ method }, response) {
        // The task is started, but nobody hears of it.
        if (method === 'POST' && server.count('POST') < 3) {
          response.write = () => {
            response.socket?.destroy();
            return false;
          };
          response.flushHeaders = () => void response.socket?.destroy();
        }
        return false;
      },
    });
    const page = await openPage(version, { api: server.api });
    await page.chat.sendMessage({ text: 'Go.' });
    expect(page.errors).toEqual([]);
    expect(textOf(page.answer())).toBe('Hello.');
    expect(server.count('POST')).toBe(3);
    expect(runs).toBe(1);
    expect(new Set(server.tasks.map(({ taskId }) => taskId)).size).toBe(1);
  });

  it('tells that nothing answers when it gives up', async () => {
    const server = await serve((response) => void response.socket?.destroy());
    const page = await openPage(version, { api: server.api, reconnect: { maxAttempts: 3 } });
    await page.chat.sendMessage({ text: 'Go.' });
    expect(page.chat.error?.message).toContain('fetch failed');
    expect(server.requests).toHaveLength(3);
    const names = server.requests.map(({ body }) => JSON.parse(body).taskId);
    expect(new Set(names).size).toBe(1);
    expect(names[0]).toMatch(/^[\w-]{16,128}$/);
  });

  it('leaves a name that the page gives', async () => {
    const server = await serve((response) => response.writeHead(403).end('No.'));
    const page = await openPage(version, {
      api: server.api,
      body: { taskId: 'of-the-page-itself' },
    });
    await page.chat.sendMessage({ text: 'Go.' });
    expect(JSON.parse(server.requests[0]?.body ?? '').taskId).toBe('of-the-page-itself');
  });
});
