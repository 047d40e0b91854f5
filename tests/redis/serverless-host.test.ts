// A task that takes longer than the host lets any process live, on the host of `examples/serverless`.
import { createRedisStreamContext } from 'ai-task-stream/redis';
import { createTaskStream } from 'ai-task-stream/ui';
import { afterEach, beforeAll, expect, it } from 'vitest';
import { createHost, type Invocation } from '../../examples/serverless/host';
import { sharedRedisUrl } from '../helpers/redis-server';
import { spawnTaskProcess, type TaskProcess } from '../helpers/spawn-task-process';
import { createId, readLog } from '../helpers/tasks';
import { type RunningHost, startHost } from '../hosts/start-host';

const itemMs = 100;
let limitMs = 2_000;
let workMs = process.env.TEST_LONG ? 20_000 : 4_000;
let input = { itemMs, items: 0 };
let items: number[] = [];

/** On a busy machine invocations last longer, so that what they begin with takes a small part of them. */
beforeAll(async () => {
  const begunAt = performance.now();
  host = await serve({}, 60_000);
  await fetch(`${host.origin}?taskId=${createId()}`);
  await host.close();
  const slowness = Math.max(1, (performance.now() - begunAt) / limitMs);
  limitMs *= slowness;
  workMs *= slowness;
  input = { itemMs, items: Math.ceil(workMs / itemMs) };
  items = Array.from({ length: input.items }, (_, item) => item);
});

/** The host, and how its invocations have ended. */
interface Host extends RunningHost {
  readonly keyPrefix: string;
  readonly ends: (number | string)[];
}

/** A slow machine stretches what takes seconds here. */
const timeoutMs = 600_000;
let host: Host;

afterEach(() => host.close());

/** @param env What each invocation is told. */
async function serve(env: Record<string, string> = {}, lastsMs = limitMs): Promise<Host> {
  const keyPrefix = `${createId()}:`;
  const ends: Host['ends'] = [];
  const running = new Set<Promise<TaskProcess>>();
  const invoke = (): Invocation => {
    const spawning = spawnTaskProcess('serverless-invocation', {
      env: { REDIS_URL: sharedRedisUrl(), KEY_PREFIX: keyPrefix, ...env },
    });
    running.add(spawning);
    const ended = spawning
      .then(({ ended }) => ended)
      .then((end) => {
        ends.push(end);
        running.delete(spawning);
      });
    return {
      // It may be killed before it listens.
      port: spawning.then((process) => process.next<number>()).catch(() => undefined),
      ended,
      kill: () => void spawning.then((process) => process.kill()),
    };
  };
  const server = createHost({ limitMs: lastsMs, invoke });
  const { close, ...started } = await startHost(server.listen(0));
  return {
    ...{ ...started, keyPrefix, ends },
    async close() {
      await close();
      await Promise.all([...running].map(async (spawning) => (await spawning).kill()));
    },
  };
}

/** The partial results that the log of a task has for those who read it from the start. */
async function partialsIn(keyPrefix: string, taskId: string): Promise<unknown[]> {
  const context = createRedisStreamContext({ url: sharedRedisUrl(), keyPrefix });
  const chunks = (await readLog(context, taskId)).map((json) => JSON.parse(json));
  await context.close();
  return chunks.flatMap(({ type, data }) => (type === 'data-task-partial' ? [data.value] : []));
}

/** Runs the task as a page does that stays. */
async function runOnPage() {
  const told: unknown[] = [];
  const stream = createTaskStream({ api: host.origin, onPartial: (value) => told.push(value) });
  const taskId = createId();
  const end = await stream.start(input, { taskId });
  const { partials, attempt } = stream.getState();
  return { end, partials, told, attempt, stored: await partialsIn(host.keyPrefix, taskId) };
}

it(
  'is done by the requests alone that its page makes',
  async () => {
    host = await serve({ MAX_RUN_MS: `${0.9 * limitMs}` });
    const { end, partials, told, stored, attempt } = await runOnPage();
    expect(end).toMatchObject({ status: 'completed', result: { items: items.length } });
    expect([partials, told, stored]).toEqual([items, items, items]);
    expect(attempt).toBeGreaterThanOrEqual(workMs / limitMs);
  },
  timeoutMs,
);

it(
  'is done by a cron job alone when its page has left',
  async () => {
    host = await serve({ MAX_RUN_MS: `${0.9 * limitMs}` });
    const taskId = createId();
    const leaving = new AbortController();
    const response = await fetch(host.origin, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ taskId, input }),
      signal: leaving.signal,
    });
    expect(response.status).toBe(200);
    leaving.abort();
    const context = createRedisStreamContext({ url: sharedRedisUrl(), keyPrefix: host.keyPrefix });
    const statusNow = async () => (await context.inspect(taskId))?.status;
    let calls = 0;
    while ((await statusNow()) !== 'completed') {
      const called = await fetch(`${host.origin}/cron`).catch(() => undefined);
      await called?.text().catch(() => {
        // The host has killed the process, as it might.
      });
      calls++;
      // Crons have some time between them.
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    await context.close();
    expect(calls).toBeGreaterThanOrEqual(Math.floor(workMs / limitMs) - 1);
    expect(await partialsIn(host.keyPrefix, taskId)).toEqual(items);
  },
  timeoutMs,
);

async function killAll() {
  host = await serve();
  const { end, partials, told, stored, attempt } = await runOnPage();
  expect(end).toMatchObject({ status: 'completed' });
  expect([partials, told, stored]).toEqual([items, items, items]);
  expect(attempt).toBeGreaterThanOrEqual(workMs / limitMs);
  expect(host.ends.filter((how) => how === 'SIGKILL').length).toBeGreaterThanOrEqual(
    Math.floor(workMs / limitMs),
  );
}

// To find each process that was killed takes longer than the work that was lost with it.
if (process.env.TEST_LONG) {
  it('is done by processes, too, that do not know when they are killed', killAll, timeoutMs);
}
