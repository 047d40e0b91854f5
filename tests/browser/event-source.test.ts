import { randomUUID } from 'node:crypto';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { work } from '../helpers/attempts';
import { taskId } from '../helpers/recording';
import { type ServedAttempts, serveAttempts } from '../helpers/served-attempts';
import { patience } from './desk';
import { type EventSourceDesk, type Noted, startEventSourceDesk } from './event-source-desk';

let desk: EventSourceDesk;
let page: Page;
let served: ServedAttempts | undefined;

beforeAll(async () => {
  desk = await startEventSourceDesk();
});

afterAll(() => desk?.close());

afterEach(async () => {
  await page.close();
  await served?.server.stop();
  served = undefined;
});

const look = () => page.evaluate<Noted>('look()');

function listen(query: Record<string, string>, names: readonly string[]): Promise<unknown> {
  const address = `/api/lines?${new URLSearchParams(query)}`;
  return page.evaluate(`listen(${JSON.stringify(address)}, ${JSON.stringify(names)})`);
}

/** The log's lines among the events of that name, in the order in which they came. */
async function linesOf(name: string): Promise<string[]> {
  const chunks = (await look()).events
    .filter((event) => event.name === name && event.data !== '[DONE]')
    .map(({ data }) => JSON.parse(data));
  return chunks.flatMap(({ type, data }) => (type === 'data-task-log' ? [data.message] : []));
}

const lines = (count: number) => Array.from({ length: count }, (_, index) => `line ${index}`);

/** Cuts the page off while the task goes on, and lets it find its way back. */
async function cutAndMend(name: string): Promise<void> {
  desk.write(20);
  await expect.poll(() => linesOf(name), patience).toEqual(lines(20));
  desk.proxy.cut();
  desk.write(30);
  await expect.poll(async () => (await look()).errors, patience).toBeGreaterThan(0);
  desk.proxy.mend();
  await expect.poll(() => linesOf(name), patience).toEqual(lines(50));
  desk.write(10);
  await expect.poll(() => linesOf(name), patience).toEqual(lines(60));
}

/** Waits until the browser has asked once more and was told that there is nothing left. */
async function expectClosed(): Promise<void> {
  desk.finish();
  const closed = 2;
  await expect.poll(async () => (await look()).readyState, patience).toBe(closed);
  // A broken connection is an event, too, though without data.
  const events = (await look()).events.filter(({ data }) => data !== undefined);
  const last = events.at(-1)?.id;
  expect(desk.requests.at(-1)).toMatchObject({ lastEventId: last, status: 204 });
  const cursors = events.map(({ id }) => id).filter((id, index, all) => id !== all[index - 1]);
  expect(new Set(cursors).size).toBe(cursors.length);
}

describe('the browser’s own EventSource', () => {
  it('follows a task, reconnects by itself with nothing lost or doubled, and stops after the end', async () => {
    page = await desk.openPage();
    const taskId = randomUUID();
    await desk.post(taskId);
    const before = desk.requests.length;
    await listen({ taskId }, ['message']);
    await cutAndMend('message');
    const [first, second] = desk.requests.slice(before);
    expect([first?.lastEventId, first?.status]).toEqual([undefined, 200]);
    // `start`, the first snapshot, and 20 lines.
    expect(second).toMatchObject({ lastEventId: expect.stringMatching(/^\d+-21$/), status: 200 });
    await expectClosed();
    const chunks = (await look()).events.map(({ data }) => data);
    expect(chunks.filter((data) => data.includes('"data-task-settle"'))).toHaveLength(1);
    expect(chunks.filter((data) => data === '[DONE]')).toHaveLength(1);
  });

  it('starts a task by GET, once, and hears its parts by name', async () => {
    page = await desk.openPage();
    const before = desk.inputs.length;
    const query = { taskId: randomUUID(), input: JSON.stringify({ topic: 'Tides' }) };
    const names = ['message', 'task', 'task-log', 'task-heartbeat', 'task-settle', 'done', 'error'];
    await listen({ ...query, events: 'named' }, names);
    await cutAndMend('task-log');
    await expectClosed();
    expect(desk.inputs.slice(before)).toEqual([{ topic: 'Tides' }]);
    const { events } = await look();
    const count = (name: string) => events.filter((event) => event.name === name).length;
    expect({ settle: count('task-settle'), done: count('done') }).toEqual({ settle: 1, done: 1 });
    expect(count('task-heartbeat')).toBeGreaterThan(0);
    // What is left are the chunks of the AI SDK, and breaks of the connection, which have no data.
    const unnamed = events.filter(({ name }) => name === 'message');
    expect(unnamed.map(({ data }) => JSON.parse(data).type)).toEqual(['start', 'finish']);
    const errors = events.filter(({ name }) => name === 'error');
    expect(errors.filter(({ data }) => data !== undefined)).toEqual([]);
    const settled = events.find(({ name }) => name === 'task-settle');
    expect(JSON.parse(settled?.data ?? '{}').data).toMatchObject({
      status: 'completed',
      result: { lines: 60 },
    });
  });

  it('comes back by itself when an attempt is lost, and hears what to forget (R-ATTEMPT-4)', async () => {
    page = await desk.openPage();
    served = await serveAttempts([work.length]);
    const address = `${served.server.origin}/?events=named`;
    const names = ['task-log', 'task-partial', 'task-rewind', 'task-settle', 'done'];
    await page.evaluate(`listen(${JSON.stringify(address)}, ${JSON.stringify(names)})`);
    await served.run(async () =>
      (await look()).events.some(({ data }) => data.includes('Nearly (void)')),
    );
    const closed = 2;
    await expect.poll(async () => (await look()).readyState, patience).toBe(closed);
    const { events } = await look();
    const logs: string[] = [];
    const partials: unknown[] = [];
    for (const { name, data: text } of events) {
      if (name === 'done') continue;
      const { data } = JSON.parse(text);
      if (data.taskId !== taskId) continue;
      if (name === 'task-log') logs.push(data.message);
      if (name === 'task-partial') partials.push(data.value);
      if (name !== 'task-rewind') continue;
      expect([logs.splice(data.logs), partials.splice(data.partials)]).toEqual([
        ['Nearly (void)'],
        ['third (void)'],
      ]);
    }
    expect(logs).toEqual(['Begun', 'Half', 'Nearly']);
    expect(partials).toEqual(['first', 'second', 'third']);
    expect(events.map(({ name }) => name).slice(-2)).toEqual(['task-settle', 'done']);
  });

  it('is what it takes to start one: an image of the same address starts none', async () => {
    page = await desk.openPage();
    const before = { inputs: desk.inputs.length, requests: desk.requests.length };
    const address = `/api/lines?${new URLSearchParams({ taskId: randomUUID(), input: '1' })}`;
    await page.evaluate(
      `new Promise((resolve) => {
        const image = new Image();
        image.onerror = image.onload = resolve;
        image.src = ${JSON.stringify(address)};
      })`,
    );
    expect(desk.requests.slice(before.requests).map(({ status }) => status)).toEqual([403]);
    expect(desk.inputs).toHaveLength(before.inputs);
  });
});
