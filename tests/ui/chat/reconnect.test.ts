import type { ServerResponse } from 'node:http';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createDeferred, until } from '../../helpers/async';
import { cutAfter } from '../../helpers/chat-server';
import { chatVersions } from '../../helpers/chat-versions';
import { onCleanUp } from '../../helpers/clean-up';
import { stubPage } from '../../helpers/page';
import { frame, heartbeat, recording, settle, snapshot, taskId } from '../../helpers/recording';
import { sendError } from '../../helpers/wire-server';
import { serve } from '../helpers';
import {
  type ChatPage,
  openPage,
  readAll,
  sending,
  sendTaskHead,
  serveChat,
  textOf,
  timeless,
} from './helpers';

afterEach(() => {
  vi.unstubAllGlobals();
});

const whole = recording.bytesAfter();

/** Fewer cases will do where parts of the platform are taken away. */
const isWhole = globalThis.DOMException !== undefined;

/** Where to cut: some bytes of everything, and both sides of each frame's last line breaks. */
function cuts(first: number): number[] {
  const places = new Set<number>();
  for (let at = first; at < whole.length; at += isWhole ? 29 : 211) places.add(at);
  if (!isWhole) return [...places];
  for (let at = whole.indexOf('\n\n'); at >= 0; at = whole.indexOf('\n\n', at + 1)) {
    for (const near of [at, at + 1, at + 2]) if (near < whole.length) places.add(near);
  }
  return [...places].sort((a, b) => a - b);
}

const dataOf = ({ data }: Pick<ChatPage, 'data'>) => data.map(({ type, data }) => ({ type, data }));

describe.each(chatVersions)('a chat of AI SDK $version whose connection breaks', (version) => {
  /** A server of the recorded task, which cuts its first answer. */
  function serveCut(cut: (response: ServerResponse) => void) {
    return serve((response, { method, query, headers, path }) => {
      if (method === 'POST') return cut(sendTaskHead(response));
      expect(path.split('?')[0]).toBe('/api/task/chat/stream');
      expect(query.get('taskId')).toBe(taskId);
      sendTaskHead(response).end(recording.bytesAfter(headers['last-event-id'] as string));
    });
  }

  async function uncut() {
    const server = await serveCut((response) => response.end(whole));
    const page = await openPage(version, { api: server.api });
    await page.chat.sendMessage({ text: 'Go.' });
    expect(textOf(page.answer())).toBe('Grüße 漢字 😀');
    expect(page.finishes).toEqual([{ isAbort: false, isDisconnect: false, isError: false }]);
    expect(page.data.map(({ type }) => type)).not.toContain('data-task-heartbeat');
    expect(page.data).toHaveLength(8);
    expect(server.requests).toHaveLength(1);
    return { answer: page.answer(), data: dataOf(page), finishes: page.finishes };
  }

  it('shows the same, with nothing twice and nothing missing, wherever that is', async () => {
    const expected = await uncut();
    let cutAt = 0;
    const server = await serveCut((response) => {
      if (cutAt === 0) response.socket?.destroy();
      else response.write(whole.subarray(0, cutAt), () => response.socket?.destroy());
    });
    const page = await openPage(version, { api: server.api });
    for (cutAt of cuts(1 + chatVersions.indexOf(version))) {
      const { chat, data, finishes, errors } = page.openChat({ id: 'chat' });
      await chat.sendMessage({ text: 'Go.' });
      const at = `cut at ${cutAt}`;
      expect(errors, at).toEqual([]);
      expect(chat.messages.at(-1), at).toEqual(expected.answer);
      expect(dataOf({ data }), at).toEqual(expected.data);
      expect(finishes, at).toEqual(expected.finishes);
    }
  }, 600_000);

  it('shows the same when the end is clean', async () => {
    const expected = await uncut();
    let cutAt = 0;
    const server = await serveCut((response) => response.end(whole.subarray(0, cutAt)));
    const page = await openPage(version, { api: server.api });
    for (; cutAt < whole.length; cutAt += 97) {
      const { chat, data } = page.openChat({ id: 'chat' });
      await chat.sendMessage({ text: 'Go.' });
      expect(chat.messages.at(-1), `cut at ${cutAt}`).toEqual(expected.answer);
      expect(dataOf({ data }), `cut at ${cutAt}`).toEqual(expected.data);
    }
  });

  it('shows the same though every connection brings a single frame only', async () => {
    const expected = await uncut();
    const server = await serve((response, { headers }) => {
      const cursor = headers['last-event-id'] as string | undefined;
      const n = cursor ? Number(cursor.slice(2)) + 1 : 0;
      const chunk = recording.chunks[n];
      sendTaskHead(response).end(chunk ? frame(n, chunk) : 'data: [DONE]\n\n');
    });
    const page = await openPage(version, { api: server.api, reconnect: { maxAttempts: 1 } });
    await page.chat.sendMessage({ text: 'Go.' });
    expect(page.answer()).toEqual(expected.answer);
    expect(dataOf(page)).toEqual(expected.data);
    expect(page.finishes).toEqual(expected.finishes);
    expect(server.requests).toHaveLength(recording.chunks.length);
  });

  it('shows the same of a running task, whose rest comes compacted', async () => {
    let cutAt = Number.POSITIVE_INFINITY;
    const server = await serveChat({
      intercept: ({ method }, response) => {
        if (method === 'POST') cutAfter(response, cutAt);
        return false;
      },
      async execute({ task, writer }) {
        writer.write({ type: 'text-start', id: 't' });
        for (let n = 0; n < 60; n++) {
          writer.write({ type: 'text-delta', id: 't', delta: `Wörter ${n}, ` });
          if (n % 20 === 0) {
            task.log(`Line ${n}`);
            task.partial({ n });
            await new Promise((resolve) => setImmediate(resolve));
          }
        }
        writer.write({ type: 'text-end', id: 't' });
      },
    });
    const page = await openPage(version, { api: server.api });
    const transient = (data: ChatPage['data']) =>
      data.map(({ type, data }) => [type, (data as { index?: number }).index]);
    const run = async () => {
      // The turn's number is in the id of its message.
      const { chat, data, errors } = page.openChat({ id: 'chat' });
      await chat.sendMessage({ text: 'Go.' });
      expect(errors).toEqual([]);
      return { answer: timeless(chat.messages.at(-1)), data: transient(data) };
    };
    const expected = await run();
    expect(expected.data).toHaveLength(9);
    for (cutAt = 1; cutAt < 6_000; cutAt += 397) expect(await run()).toEqual(expected);
    expect(server.count('GET')).toBeGreaterThan(10);
  });

  it('goes on when the connection falls silent for three announced heartbeats', async () => {
    const expected = await uncut();
    const left = createDeferred();
    const server = await serve((response, { method, headers }) => {
      sendTaskHead(response);
      if (method === 'GET') {
        return response.end(recording.bytesAfter(headers['last-event-id'] as string));
      }
      const frames = recording.chunks.slice(0, 5).map((chunk, n) => frame(n, chunk));
      response.write(heartbeat(1, 20) + frames.join(''));
      response.on('close', left.resolve);
    });
    const page = await openPage(version, { api: server.api });
    await page.chat.sendMessage({ text: 'Go.' });
    expect(page.answer()).toEqual(expected.answer);
    expect(dataOf(page)).toEqual(expected.data);
    expect(page.finishes).toEqual(expected.finishes);
    expect(server.requests[1]?.headers['last-event-id']).toBe('0-4');
    // The silent connection is not left open.
    await left.promise;
  });

  it('goes on through a restart of the server', async () => {
    let isWarm = false;
    let refusals = 0;
    const gate = createDeferred();
    const server = await serveChat({
      intercept({ method }, response) {
        if (method !== 'GET' || isWarm) return false;
        refusals += 1;
        isWarm = refusals === 2;
        sendError(response, 503, { code: 'context-unavailable', message: 'Later.' });
        return true;
      },
      async execute({ writer }) {
        writer.write({ type: 'text-start', id: 't' });
        writer.write({ type: 'text-delta', id: 't', delta: 'before ' });
        await gate.promise;
        writer.write({ type: 'text-delta', id: 't', delta: 'after' });
        writer.write({ type: 'text-end', id: 't' });
      },
    });
    const page = await openPage(version, { api: server.api, reconnect: { maxAttempts: 1000 } });
    const turn = page.chat.sendMessage({ text: 'Go.' });
    await until(() => textOf(page.answer()) === 'before ');
    await server.stop();
    expect(page.chat.status).toBe('streaming');
    gate.resolve();
    await server.start();
    await turn;
    expect(textOf(page.answer())).toBe('before after');
    expect(page.errors).toEqual([]);
    expect(page.finishes).toEqual([{ isAbort: false, isDisconnect: false, isError: false }]);
    expect(server.count('POST')).toBe(1);
    expect(refusals).toBe(2);
  });

  /** Answers the first request with the first frames, and all others as told. */
  async function openBroken(
    frames: number,
    answer: (response: ServerResponse) => void,
    options: object = {},
    chunks = recording.chunks,
  ) {
    const server = await serve((response, { method }) => {
      if (method !== 'POST') return answer(response);
      const sent = chunks.slice(0, frames).map((chunk, n) => frame(n, chunk));
      sendTaskHead(response).end(sent.join(''));
    });
    const page = await openPage(version, { api: server.api, ...options });
    await page.chat.sendMessage({ text: 'Go.' });
    return { server, page };
  }

  it('fails with `unsettled` when the outcome is gone', async () => {
    const { page, server } = await openBroken(5, (response) => response.writeHead(204).end());
    expect(page.chat.status).toBe('error');
    expect(page.chat.error).toMatchObject({ name: 'TaskError', code: 'unsettled' });
    expect(page.finishes).toEqual([{ isAbort: false, isDisconnect: false, isError: true }]);
    expect(textOf(page.answer())).toBe('Grüße ');
    expect(server.requests).toHaveLength(2);
  });

  it("fails with the server's own error when it refuses", async () => {
    const error = { code: 'forbidden', message: 'Not yours.' };
    const { page, server } = await openBroken(5, (response) => sendError(response, 403, error));
    expect(page.chat.error).toMatchObject({ name: 'TaskError', ...error });
    expect(page.errors).toHaveLength(1);
    expect(server.requests).toHaveLength(2);
  });

  it('fails when the server answers with another task', async () => {
    const { page } = await openBroken(5, (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream', 'x-task-id': 'another' });
      response.end(whole);
    });
    expect(page.chat.error).toMatchObject({ name: 'TaskError', code: 'invalid-response' });
    expect(textOf(page.answer())).toBe('Grüße ');
  });

  it('gives up after `maxAttempts` without progress', async () => {
    const { page, server } = await openBroken(5, (response) => sendTaskHead(response).end(), {
      reconnect: { maxAttempts: 3 },
    });
    expect(page.chat.error).toMatchObject({ name: 'TaskError', code: 'gave-up', retryable: true });
    expect(server.requests).toHaveLength(1 + 3);
  });

  it('counts no attempts while the page is offline or hidden', async () => {
    const shown = stubPage();
    shown.setVisible(false);
    let attempts = 0;
    const { page } = await openBroken(
      5,
      (response) => {
        attempts += 1;
        if (attempts === 8) {
          shown.setOnline(false);
          shown.setVisible(true);
          setTimeout(() => shown.setOnline(true), 50);
        }
        if (attempts > 8) shown.setVisible(false);
        if (attempts === 16) sendTaskHead(response).end(recording.bytesAfter('0-4'));
        else response.socket?.destroy();
      },
      { reconnect: { maxAttempts: 2 } },
    );
    expect(page.errors).toEqual([]);
    expect(textOf(page.answer())).toBe('Grüße 漢字 😀');
    expect(shown.listenerCount()).toBe(0);
  });

  it('does not take a 404 for final within two heartbeats of a good answer (R-CLIENT-6)', async () => {
    let asked = 0;
    const { page } = await openBroken(5, (response) => {
      asked += 1;
      if (asked < 5) sendError(response, 404, { code: 'not-found', message: 'Unknown.' });
      else sendTaskHead(response).end(recording.bytesAfter('0-4'));
    });
    expect(page.errors).toEqual([]);
    expect(textOf(page.answer())).toBe('Grüße 漢字 😀');
  });

  describe('after the settle part', () => {
    const start = recording.chunks.slice(0, 2);
    const gone = (response: ServerResponse) => response.writeHead(204).end();

    it('asks for the last chunk, and ends as usual when that is gone', async () => {
      const { page, server } = await openBroken(13, gone);
      expect(server.requests[1]?.headers['last-event-id']).toBe('0-12');
      expect(page.errors).toEqual([]);
      expect(page.finishes).toEqual([{ isAbort: false, isDisconnect: false, isError: false }]);
    });

    it('fails when the task did, though the chunk that says so is gone', async () => {
      const error = { code: 'internal', message: 'The task failed.', retryable: false };
      const chunks = [...start, settle({ status: 'failed', error })];
      const { page } = await openBroken(3, gone, {}, chunks);
      expect(page.chat.error).toMatchObject({ name: 'TaskError', ...error });
    });

    it('is aborted when the task was cancelled, though the chunk that says so is gone', async () => {
      const error = { code: 'cancelled', message: 'Enough.', retryable: false };
      const chunks = [...start, settle({ status: 'cancelled', error })];
      const { page } = await openBroken(3, gone, {}, chunks);
      expect(page.chat.status).toBe('ready');
      expect(page.finishes).toEqual([{ isAbort: true, isDisconnect: false, isError: false }]);
    });

    it('is not ended by a task within the task', async () => {
      const inner = { taskId: 'task-within-0123456789' };
      const chunks = [
        ...start,
        snapshot({ ...inner, parentTaskId: taskId }),
        settle(inner),
        ...recording.chunks.slice(3),
      ];
      const server = await serve((response, { method, headers }) => {
        const from =
          method === 'POST' ? 0 : Number((headers['last-event-id'] as string).slice(2)) + 1;
        const until = method === 'POST' ? 4 : chunks.length;
        const frames = chunks.slice(from, until).map((chunk, n) => frame(from + n, chunk));
        sendTaskHead(response).end(`${frames.join('')}data: [DONE]\n\n`);
      });
      const page = await openPage(version, { api: server.api });
      await page.chat.sendMessage({ text: 'Go.' });
      expect(page.errors).toEqual([]);
      expect(textOf(page.answer())).toBe('Grüße 漢字 😀');
      expect(server.requests).toHaveLength(2);
    });
  });

  it('passes an error of the task on as it is', async () => {
    const server = await serveChat({
      execute({ writer }) {
        writer.write({ type: 'text-start', id: 't' });
        writer.write({ type: 'text-delta', id: 't', delta: 'so far' });
        throw new Error('secret');
      },
    });
    const page = await openPage(version, { api: server.api });
    await page.chat.sendMessage({ text: 'Go.' });
    expect(page.chat.status).toBe('error');
    expect(page.errors.map(({ message }) => message)).toEqual(['The task failed.']);
    expect(page.finishes).toEqual([{ isAbort: false, isDisconnect: false, isError: true }]);
    expect(textOf(page.answer())).toBe('so far');
    expect(page.answer()?.parts.map(({ type }) => type)).toEqual([
      'data-task',
      'text',
      'data-task-error',
      'data-task-settle',
    ]);
    expect(server.requests).toHaveLength(1);
  });

  it('reads no faster than the chat does', async () => {
    let sent = 0;
    const total = 200_000_000;
    const server = await serve((response) => {
      sendTaskHead(response).write(heartbeat(1, 20));
      const chunk = { type: 'text-delta', id: 't', delta: 'x'.repeat(100_000) };
      const fill = () => {
        while (sent < total) {
          sent += 100_000;
          if (!response.write(frame(sent, chunk))) return void response.once('drain', fill);
        }
      };
      fill();
    });
    const { createTransport } = await openPage(version, { api: server.api });
    const controller = new AbortController();
    onCleanUp(() => controller.abort());
    const stream = await createTransport().sendMessages(sending('Go.', controller.signal));
    const reader = stream.getReader();
    await reader.read();
    // As long as bytes still find room somewhere on the way.
    for (let before = -1; before !== sent; ) {
      before = sent;
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
    expect(sent).toBeLessThan(total / 2);
    // Much longer than three heartbeats: it is the reader that is silent.
    expect(server.requests).toHaveLength(1);
    await reader.read();
    controller.abort();
    expect((await readAll(reader)).error).toMatchObject({ name: 'AbortError' });
  });
});
