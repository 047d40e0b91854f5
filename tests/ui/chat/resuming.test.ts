import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { until } from '../../helpers/async';
import { chatVersions } from '../../helpers/chat-versions';
import { recording } from '../../helpers/recording';
import { serve } from '../helpers';
import { openPage, readAll, sending, sendTaskHead, textOf } from './helpers';

const whole = recording.bytesAfter();

describe.each(chatVersions)('a chat of AI SDK $version that is opened anew', (version) => {
  /** A chat that is opened anew while its server answers as told, before it is well. */
  async function resume(answers: ((response: ServerResponse) => void)[], options: object = {}) {
    const server = await serve((response, _, index) => {
      const answer = answers[index] ?? answers.at(-1);
      if (answer) answer(response);
    });
    const page = await openPage(version, { api: server.api, ...options });
    return { server, page };
  }
  const well = (response: ServerResponse) => sendTaskHead(response).end(whole);
  const gateway = (status: number) => (response: ServerResponse) =>
    void response.writeHead(status, { 'content-type': 'text/html' }).end('<h1>Oops</h1>');

  it.each([408, 425, 429, 500, 502, 503, 504])('waits out %d', async (status) => {
    const bad = gateway(status);
    const { server, page } = await resume([bad, bad, bad, well]);
    const resumed = page.chat.resumeStream();
    expect(page.chat.status).toBe('ready');
    await resumed;
    expect(page.errors).toEqual([]);
    expect(textOf(page.answer())).toBe('Grüße 漢字 😀');
    expect(server.requests).toHaveLength(4);
    expect(page.chat.status).toBe('ready');
  });

  it('waits out a network that fails', async () => {
    const cut = (response: ServerResponse) => void response.socket?.destroy();
    const { server, page } = await resume([cut, cut, well]);
    await page.chat.resumeStream();
    expect(page.errors).toEqual([]);
    expect(textOf(page.answer())).toBe('Grüße 漢字 😀');
    expect(server.requests).toHaveLength(3);
  });

  it('finds out that there is nothing, and passes other refusals on at once', async () => {
    const { server, page } = await resume([
      gateway(502),
      (response) => void response.writeHead(204).end(),
      gateway(404),
    ]);
    await page.chat.resumeStream();
    expect(page.errors).toEqual([]);
    expect(page.chat.status).toBe('ready');
    expect(server.requests).toHaveLength(2);
    await page.chat.resumeStream();
    expect(page.errors).toHaveLength(1);
    expect(page.chat.status).toBe('error');
    expect(server.requests).toHaveLength(3);
  });

  it('gives up in the end, and tells what the server said', async () => {
    const { server, page } = await resume([gateway(502)], { reconnect: { maxAttempts: 3 } });
    await page.chat.resumeStream();
    expect(page.errors).toHaveLength(1);
    expect(page.chat.status).toBe('error');
    expect(server.requests).toHaveLength(3);
  });

  it('ends to wait when the chat begins another turn', async () => {
    const reconnect = { initialDelayMs: 1e6, maxDelayMs: 1e6 };
    const { server, page } = await resume([gateway(502), well], { reconnect });
    const { createTransport } = page;
    const resumed = createTransport().reconnectToStream({ chatId: 'chat' });
    const left = expect(resumed).rejects.toMatchObject({ name: 'AbortError' });
    await until(() => server.requests.length === 1);
    const stream = await createTransport().sendMessages(sending());
    await left;
    expect((await readAll(stream.getReader())).error).toBeUndefined();
    expect(server.requests.map(({ method }) => method)).toEqual(['GET', 'POST']);
  });
});
