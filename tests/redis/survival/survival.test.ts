// Processes that run tasks are killed one after the other, while pages follow the tasks.
import { createMemoryStreamContext, createTaskRoute } from 'ai-task-stream/server';
import { createTaskStream, type TaskStream } from 'ai-task-stream/ui';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createRandom } from '../../../src/testing/random';
import { createDeferred, until } from '../../helpers/async';
import { connectAdmin, type RedisAdmin } from '../../helpers/redis-admin';
import { sharedRedisUrl } from '../../helpers/redis-server';
import { spawnTaskProcess, type TaskProcess } from '../../helpers/spawn-task-process';
import {
  defineSurvivors,
  type SurvivorInput,
  type SurvivorKind,
  survivorKinds,
} from '../../helpers/survivors';
import { createId } from '../../helpers/tasks';
import { type BrowserReaders, startBrowserReaders } from './browser-readers';
import { shownOf } from './shown-task';

const isLong = process.env.TEST_LONG !== undefined;
const taskCount = isLong ? 200 : 20;
const killCount = isLong ? 60 : 6;
const readersPerTask = 3;
const browserPageCount = isLong ? 10 : 1;
const instanceCount = 3;
const heartbeatMs = 400;
const input: SurvivorInput = isLong ? { steps: 60, stepMs: 500 } : { steps: 24, stepMs: 150 };

interface Instance {
  readonly process: TaskProcess;
  readonly port: number;
}

let prefix: string;
let admin: RedisAdmin;
let fleet: Instance[];
let browser: BrowserReaders;

async function startInstance(): Promise<Instance> {
  const env = {
    SURVIVOR_REDIS_URL: sharedRedisUrl(),
    SURVIVOR_KEY_PREFIX: prefix,
    SURVIVOR_HEARTBEAT_MS: String(heartbeatMs),
  };
  const process = await spawnTaskProcess('survivor', { env });
  const { port } = await process.next<{ port: number }>();
  return { process, port };
}

beforeEach(async () => {
  prefix = `survival-${createId()}`;
  admin = await connectAdmin(sharedRedisUrl());
  fleet = await Promise.all(Array.from({ length: instanceCount }, startInstance));
  browser = await startBrowserReaders(() => portOf(Math.random));
});

afterEach(async () => {
  await browser?.close();
  await Promise.all(fleet.map(({ process }) => process.kill()));
  for (const key of (await admin.send('KEYS', `${prefix}*`)) as string[]) {
    await admin.send('DEL', key);
  }
  admin.close();
});

/** The port of an instance that a load balancer would choose. */
function portOf(random: () => number): number {
  return fleet[Math.floor(random() * fleet.length)]!.port;
}

/** Follows a task as a page does, each request at an instance that a load balancer would choose. */
function openPage(kind: SurvivorKind, random: () => number): TaskStream {
  const origin = 'http://fleet';
  return createTaskStream({
    api: `${origin}/${kind}`,
    reconnect: { initialDelayMs: 50, maxDelayMs: 500 },
    fetch: (url, init) =>
      fetch(String(url).replace(origin, `http://127.0.0.1:${portOf(random)}`), init),
  });
}

/** What a page shows of an undisturbed task. */
async function readUndisturbed(kind: SurvivorKind) {
  const world = {
    callTool: async (key: string) => `result of ${key.split(':')[1]}`,
    async save() {},
  };
  const streamContext = createMemoryStreamContext();
  const tasks = defineSurvivors(world, { heartbeatMs });
  const routes = {
    text: createTaskRoute(tasks.text, { streamContext }),
    batch: createTaskRoute(tasks.batch, { streamContext }),
    agent: createTaskRoute(tasks.agent, { streamContext }),
    chat: createTaskRoute(tasks.chat, { streamContext }),
  };
  const stream = createTaskStream({
    api: `http://localhost/${kind}`,
    fetch: (url, init) => routes[kind].POST(new Request(String(url), init)),
  });
  await stream.start({ ...input, stepMs: 1 });
  return shownOf(stream);
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

it('tasks go on to their ends while the processes that run them are killed one after the other (R-ATTEMPT-3)', async () => {
  const random = createRandom(11);
  const undisturbed = new Map(
    await Promise.all(
      survivorKinds.map(async (kind) => [kind, await readUndisturbed(kind)] as const),
    ),
  );

  const begun = createDeferred();
  const kills = (async () => {
    await begun.promise;
    for (let count = 0; count < killCount; count++) {
      await pause(1_000);
      const index = Math.floor(random() * fleet.length);
      const [{ process: killed }] = fleet.splice(index, 1) as [Instance];
      await killed.kill('SIGKILL');
      fleet.push(await startInstance());
    }
  })();

  let running = 0;
  const runs = Array.from({ length: taskCount }, async (_, index) => {
    const kind = survivorKinds[index % survivorKinds.length]!;
    const taskId = createId();
    const pages = Array.from({ length: readersPerTask }, () => openPage(kind, random));
    const [first, ...others] = pages as [TaskStream, ...TaskStream[]];
    const starting = first.start(input, { taskId });
    await until(() => first.getState().connection === 'connected');
    running++;
    if (running === taskCount) begun.resolve();
    const inBrowser = index < browserPageCount ? browser.follow(kind, taskId) : undefined;
    const ends = await Promise.all([starting, ...others.map((page) => page.resume(taskId))]);
    const late = openPage(kind, random);
    await late.resume(taskId);
    const shown = [...pages, late].map(shownOf);
    if (inBrowser) shown.push(await inBrowser);
    return { kind, taskId, ends, shown, page: first };
  });
  const results = await Promise.all(runs);
  await kills;

  for (const { kind, ends, shown } of results) {
    expect(ends).toEqual(ends.map(() => expect.objectContaining({ status: 'completed' })));
    expect(shown).toEqual(shown.map(() => undisturbed.get(kind)));
  }
  const attempts = results.map(({ page }) => page.getState().attempt ?? 1);
  console.log(`${killCount} kills, ${attempts.reduce((sum, one) => sum + one, 0)} attempts`);
  expect(Math.max(...attempts)).toBeGreaterThan(1);

  // Each tool call has had its effect, and none had another one, however often it was asked for.
  const done = (await admin.send('HKEYS', `${prefix}:done`)) as string[];
  const agents = results.filter(({ kind }) => kind === 'agent');
  const expected = agents.flatMap(({ taskId }) =>
    Array.from({ length: input.steps }, (_, step) => `${taskId}:${step}`),
  );
  expect(done.sort()).toEqual(expected.sort());
});
