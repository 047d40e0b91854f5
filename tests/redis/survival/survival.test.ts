// Processes that run tasks are killed one after the other, while pages follow the tasks.
import { createMemoryStreamContext, createTaskRoute } from 'ai-task-stream/server';
import { createTaskStream, type TaskEnd, type TaskStream } from 'ai-task-stream/ui';
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
const taskCount = isLong ? 200 : 12;
/** How many processes are ended. */
const endCount = isLong ? 60 : 4;
const readersPerTask = isLong ? 3 : 2;
const browserPageCount = isLong ? 10 : 1;
const instanceCount = 3;
const heartbeatMs = 400;
const timeoutMs = isLong ? 900_000 : 300_000;
const input: SurvivorInput = isLong ? { steps: 60, stepMs: 500 } : { steps: 20, stepMs: 300 };

interface Instance {
  readonly process: TaskProcess;
  readonly port: number;
}

let prefix: string;
let admin: RedisAdmin;
let fleet: Instance[];
let browser: BrowserReaders;
/** Processes that drain. */
let leaving: Promise<void>[];

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
  leaving = [];
  prefix = `survival-${createId()}`;
  admin = await connectAdmin(sharedRedisUrl());
  fleet = await Promise.all(Array.from({ length: instanceCount }, startInstance));
  browser = await startBrowserReaders(() => portOf(Math.random));
});

afterEach(async () => {
  await browser?.close();
  await Promise.all([...leaving, ...fleet.map(({ process }) => process.kill())]);
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

/** How a process ends whose place another one takes. */
type End = 'SIGKILL' | 'SIGTERM';

interface Followed {
  readonly kind: SurvivorKind;
  readonly taskId: string;
  readonly ends: readonly TaskEnd[];
  /** What each page shows in the end, the last of which came late. */
  readonly shown: readonly unknown[];
  readonly attempt: number;
}

/** Runs tasks with pages that follow them; as soon as all run, processes are ended, one each second. */
async function runWhile(ending: End): Promise<Followed[]> {
  const random = createRandom(11);
  const begun = createDeferred();
  // A deploy starts the new process first; it takes longer than the tasks do where the machine is slow.
  const early = ending === 'SIGTERM' ? await startInstance() : undefined;
  const endings = (async () => {
    await begun.promise;
    for (let count = 0; count < endCount; count++) {
      if (count > 0) await pause(1_000);
      const index = Math.floor(random() * fleet.length);
      const next = count > 0 && early ? await startInstance() : early;
      const [{ process: ended }] = fleet.splice(index, 1, ...(next ? [next] : [])) as [Instance];
      if (next) leaving.push(ended.kill('SIGTERM'));
      else {
        await ended.kill('SIGKILL');
        fleet.push(await startInstance());
      }
    }
  })();

  let running = 0;
  const runs = Array.from({ length: taskCount }, async (_, index): Promise<Followed> => {
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
    return { kind, taskId, ends, shown, attempt: first.getState().attempt ?? 1 };
  });
  const followed = await Promise.all(runs);
  await endings;
  const attempts = followed.reduce((sum, { attempt }) => sum + attempt, 0);
  console.log(
    `${endCount} processes ended by ${ending}: ${attempts} attempts at ${taskCount} tasks`,
  );
  return followed;
}

async function expectUndisturbed(followed: readonly Followed[]): Promise<void> {
  const undisturbed = new Map(
    await Promise.all(
      survivorKinds.map(async (kind) => [kind, await readUndisturbed(kind)] as const),
    ),
  );
  for (const { kind, ends, shown } of followed) {
    expect(ends).toEqual(ends.map(() => expect.objectContaining({ status: 'completed' })));
    expect(shown).toEqual(shown.map(() => undisturbed.get(kind)));
  }
  // Each tool call has had its effect, and none had another one, however often it was asked for.
  const done = (await admin.send('HKEYS', `${prefix}:done`)) as string[];
  const agents = followed.filter(({ kind }) => kind === 'agent');
  const expected = agents.flatMap(({ taskId }) =>
    Array.from({ length: input.steps }, (_, step) => `${taskId}:${step}`),
  );
  expect(done.sort()).toEqual(expected.sort());
}

it(
  'tasks go on to their ends while the processes that run them are killed one after the other (R-ATTEMPT-3)',
  async () => {
    const followed = await runWhile('SIGKILL');
    await expectUndisturbed(followed);
    expect(Math.max(...followed.map(({ attempt }) => attempt))).toBeGreaterThan(1);
  },
  timeoutMs,
);

it(
  'a rolling deploy loses nothing, and uses no attempt up',
  async () => {
    const followed = await runWhile('SIGTERM');
    await expectUndisturbed(followed);
    expect(Math.max(...followed.map(({ attempt }) => attempt))).toBeGreaterThan(1);
  },
  timeoutMs,
);
