import { createHash } from 'node:crypto';
import type { UIMessageChunk } from 'ai';
import { streamTask, type TaskReader, type TaskStreamContext } from 'ai-task-stream/server';
import { afterEach, beforeEach, expect, it } from 'vitest';
import commitScript from '../../src/server/redis/scripts/commit.lua';
import openScript from '../../src/server/redis/scripts/open.lua';
import { until } from '../helpers/async';
import { relative } from '../helpers/cursors';
import { connectAdmin, type RedisAdmin } from '../helpers/redis-admin';
import { createRedisInstances, withEachClient } from '../helpers/redis-contexts';
import { type FaultProxy, startFaultProxy } from '../helpers/redis-proxy';
import type { RedisCommand } from '../helpers/redis-replies';
import { sharedRedisUrl } from '../helpers/redis-server';
import { storedChunksIn } from '../helpers/sse';
import { createId, readLog, readToEnd } from '../helpers/tasks';

const instances = createRedisInstances();
const url = sharedRedisUrl();
let admin: RedisAdmin;
let proxies: FaultProxy[] = [];

beforeEach(async () => {
  admin = await connectAdmin(url);
});

afterEach(async () => {
  await instances.close();
  await Promise.all(proxies.map((proxy) => proxy.close()));
  proxies = [];
  admin.close();
});

async function startProxy(): Promise<FaultProxy> {
  const proxy = await startFaultProxy(url);
  proxies.push(proxy);
  return proxy;
}

interface Call {
  script: 'open' | 'commit';
  args: readonly string[];
}

const hashOf = (script: string) => createHash('sha1').update(script).digest('hex');

const hashes = new Map<string, Call['script']>([
  [hashOf(openScript), 'open'],
  [hashOf(commitScript), 'commit'],
]);

/** What a command asks of our scripts, if it does. */
function callOf([name, script = '', keyCount, ...rest]: RedisCommand): Call | undefined {
  const hash = name === 'EVAL' ? hashOf(script) : script;
  const known = name.startsWith('EVAL') ? hashes.get(hash) : undefined;
  if (known === undefined) return undefined;
  return { script: known, args: rest.slice(Number(keyCount)) };
}

const isOpen = (command: RedisCommand) => callOf(command)?.script === 'open';
const isCommit = (command: RedisCommand) => callOf(command)?.script === 'commit';
/** Of a commit, the outcome and the first number. */
const outcomeOf = (command: RedisCommand) => callOf(command)?.args[5];
const isSettle = (command: RedisCommand) => isCommit(command) && outcomeOf(command) !== '';
const hasFrames = (command: RedisCommand) =>
  isCommit(command) && callOf(command)?.args[8] !== undefined;

/** Runs a task that writes in many groups, until it may end; gives what its first response brought. */
async function runTask(streamContext: TaskStreamContext, taskId: string, mayEnd = () => true) {
  let runs = 0;
  const task = streamTask({
    streamContext,
    taskId,
    heartbeatMs: 5_000,
    execute: async ({ writer, task: reporter }) => {
      runs += 1;
      writer.write({ type: 'text-start', id: 't' });
      for (let n = 0; n < 20 || !mayEnd(); n++) {
        writer.write({ type: 'text-delta', id: 't', delta: `${n} ä€😀 ` });
        reporter.partial({ n });
        await new Promise((resolve) => setTimeout(resolve, 4));
      }
      return { runs };
    },
  });
  const response = await task.toResponse();
  const text = await response.text();
  return { status: response.status, chunks: storedChunksIn(text), result: await task.result, runs };
}

/** Expects that the log is, byte for byte, what the first response brought, and has no entry twice. */
async function expectSameLog(
  { keyPrefix, taskId }: { keyPrefix: string; taskId: string },
  chunks: UIMessageChunk[],
) {
  const { context } = instances.open({ url, keyPrefix });
  expect(await readLog(context, taskId)).toEqual(chunks.map((chunk) => JSON.stringify(chunk)));
  const entries = await admin.entries(`${keyPrefix}:{${taskId}}:f`);
  const ids = relative(entries.map(([id]) => id));
  let next = 0;
  for (const [index, [, [, first, , frames = '']]] of entries.entries()) {
    expect(Number(first)).toBe(next);
    next += frames.split('\n').length;
    expect(ids[index]).toBe(`0-${next}`);
  }
  expect(next).toBe(chunks.length);
}

// R-STORE-1
it('runs nothing and stores nothing twice when answers get lost, whichever, with either client', () =>
  withEachClient(async (kind) => {
    let commits = 0;
    const losses: [name: string, matches: (command: RedisCommand) => boolean][] = [
      ['open', isOpen],
      ['settle', isSettle],
      ...[1, 2, 5].map((nth): [string, (command: RedisCommand) => boolean] => {
        let count = 0;
        return [`commit ${nth}`, (command) => hasFrames(command) && ++count === nth];
      }),
      // Again and again.
      ['every third commit', (command) => hasFrames(command) && ++commits % 3 === 0],
    ];
    await Promise.all(
      losses.map(async ([name, matches]) => {
        const proxy = await startProxy();
        const { context, keyPrefix } = instances.open({ url: proxy.url, kind });
        // So that the script is known, and no call is made twice for want of it.
        await context.inspect(createId());
        let swallowed = 0;
        let isOver = false;
        const swallowNext = () => {
          void proxy.swallow(matches).then(() => {
            swallowed += 1;
            if (name.startsWith('every') && !isOver) swallowNext();
          });
        };
        swallowNext();
        const taskId = createId();
        const opens = proxy.tally(isOpen);
        // However few commits a slow machine makes of its groups.
        const mayEnd = () => swallowed > 0 || name === 'settle';
        const { status, chunks, result, runs } = await runTask(context, taskId, mayEnd);
        isOver = true;
        expect([name, status, runs, result]).toEqual([name, 200, 1, { runs: 1 }]);
        expect(chunks.at(-1)).toEqual({ type: 'finish' });
        expect(swallowed).toBeGreaterThanOrEqual(1);
        if (name === 'open') expect(opens()).toBeGreaterThan(1);
        await expectSameLog({ keyPrefix, taskId }, chunks);
      }),
    );
  }));

it('stores nothing twice when answers come too late to be waited for, with either client', () =>
  withEachClient(async (kind) => {
    const proxy = await startProxy();
    const { context, keyPrefix, errors } = instances.open({
      url: proxy.url,
      kind,
      commandTimeoutMs: 300,
    });
    await context.inspect(createId());
    let count = 0;
    const held = proxy.hold((command) => hasFrames(command) && ++count === 2);
    const taskId = createId();
    const running = runTask(context, taskId);
    await held.answered;
    const { chunks, runs } = await running;
    held.release();
    expect(runs).toBe(1);
    expect(errors.map(({ message }) => message)).toEqual([
      'Redis does not keep tasks now: it did not answer within 300 ms.',
    ]);
    await expectSameLog({ keyPrefix, taskId }, chunks);
  }));

it('tells readers elsewhere of everything once when the connection is cut over and over, with either client', () =>
  withEachClient(async (kind) => {
    const proxy = await startProxy();
    const { context, keyPrefix } = instances.open({ url: proxy.url, kind });
    const elsewhere = instances.open({ url: proxy.url, kind, keyPrefix });
    const taskId = createId();
    const running = runTask(context, taskId);
    // A task is refused that is cut twice while it begins.
    await until(async () => (await elsewhere.context.inspect(taskId)) !== undefined);
    let reader: TaskReader | undefined;
    const beginReading = async () => {
      // Whoever begins while the connection is being cut is told so, and begins again.
      reader = await elsewhere.context.read(taskId).catch(() => undefined);
      return reader !== undefined;
    };
    const reading = until(beginReading).then(() => reader && readToEnd(reader));
    for (let cuts = 0; cuts < 8; cuts++) {
      await new Promise((resolve) => setTimeout(resolve, 15));
      proxy.cut();
    }
    const { chunks, runs } = await running;
    expect(runs).toBe(1);
    expect(await reading).toEqual(chunks.map((chunk) => JSON.stringify(chunk)));
    await expectSameLog({ keyPrefix, taskId }, chunks);
  }));
