import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import { cursorsIn } from '../helpers/sse';
import {
  cutAfterPage,
  firstNumbers,
  follow,
  type HostUnderTest,
  pagesIn,
  settlementsIn,
  start,
} from './report-client';

/** Ten minutes: longer than a test may take, so that nothing comes by itself. */
const forEverMs = 600_000;

/** POST starts; cuts neither lose nor double anything; after the end there is nothing left. */
export async function expectToSurviveCuts(host: HostUnderTest): Promise<void> {
  const taskId = randomUUID();
  const pages = 30;
  const started = await start(host, taskId, { pages, pageMs: 5 });
  expect(started.status).toBe(200);
  expect(started.headers).toMatchObject({
    'content-type': 'text/event-stream',
    'cache-control': expect.stringContaining('no-cache'),
    'x-task-id': taskId,
  });
  expect(started.headers['content-encoding']).toBe(host.contentEncoding);
  let text = await cutAfterPage(started, 5);
  // A slow client may have got more at once.
  for (let page = 15; page < pages; page += 10) {
    if (pagesIn(text).length >= page) continue;
    text += await cutAfterPage(await follow(host, taskId, cursorsIn(text).at(-1)), page);
  }
  text += await (await follow(host, taskId, cursorsIn(text).at(-1))).rest();

  expect(pagesIn(text)).toEqual(firstNumbers(pages));
  const cursors = cursorsIn(text);
  expect(new Set(cursors).size).toBe(cursors.length);
  expect(settlementsIn(text)).toMatchObject([{ status: 'completed', result: { pages } }]);
  expect(text.endsWith('data: [DONE]\n\n')).toBe(true);

  const over = await follow(host, taskId, cursors.at(-1));
  expect(over.status).toBe(204);
  expect(await over.rest()).toBe('');
}

/** The first frames leave before anything else happens, and DELETE stops the task. */
export async function expectToCancel(host: HostUnderTest): Promise<void> {
  const taskId = randomUUID();
  const started = await start(host, taskId, { pages: 1, pageMs: forEverMs });
  await started.until(/"status":"running"/);
  const { send, path } = host;
  const query = `?taskId=${taskId}&reason=enough`;
  const cancelled = await send({ method: 'DELETE', path: path + query });
  expect(cancelled.status).toBe(200);
  expect(JSON.parse(await cancelled.rest())).toEqual({ cancelled: true });
  expect(settlementsIn(await started.rest())).toMatchObject([
    { status: 'cancelled', error: { code: 'cancelled' } },
  ]);
}

/** A reader that leaves takes nothing along. */
export async function expectToOutliveItsReader(host: HostUnderTest): Promise<void> {
  const taskId = randomUUID();
  await cutAfterPage(await start(host, taskId, { pages: 10, pageMs: 5 }), 1);
  const text = await (await follow(host, taskId)).rest();
  expect(pagesIn(text)).toEqual(firstNumbers(10));
  expect(settlementsIn(text)).toMatchObject([{ status: 'completed' }]);
}

/** The host notices a socket that was closed, also while there is nothing to be sent. */
export async function expectToNoticeThatTheReaderLeft({
  send,
  watchedPath: path,
}: HostUnderTest): Promise<void> {
  const taskId = randomUUID();
  const started = await start({ send, path }, taskId, { pages: 1, pageMs: forEverMs });
  await started.until(/"status":"running"/);
  started.cut();
  const text = await (await follow({ send, path }, taskId)).rest();
  expect(settlementsIn(text)).toMatchObject([{ status: 'cancelled' }]);
}

/** A refusal arrives as JSON, with its status. */
export async function expectToRefuse({ send, path }: HostUnderTest): Promise<void> {
  const refused = await send({
    method: 'POST',
    path,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ input: { pages: 'many' } }),
  });
  expect(refused.status).toBe(400);
  expect(JSON.parse(await refused.rest())).toMatchObject({ error: { code: 'invalid-input' } });
}

/**
 * A client that does not read holds its response back, and nobody else.
 *
 * @param sentBytes How much the host has written to sockets until now, what waits there included.
 */
export async function expectToWaitForASlowReader(
  host: HostUnderTest,
  sentBytes: () => number,
): Promise<void> {
  const taskId = randomUUID();
  const pages = 300;
  const pageLength = 100_000;
  const started = await start(host, taskId, { pages, pageMs: 0, pageLength });
  await cutAfterPage(started, 1);
  await (await follow(host, taskId)).rest();

  const before = sentBytes();
  const slow = await follow(host, taskId);
  slow.pause();
  // It stands still once the buffers of both sockets are full.
  for (let last = -1; last !== sentBytes(); ) {
    last = sentBytes();
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
  expect(sentBytes() - before).toBeLessThan(pages * pageLength * 0.7);
  expect(pagesIn(await slow.rest())).toEqual(firstNumbers(pages));
}
