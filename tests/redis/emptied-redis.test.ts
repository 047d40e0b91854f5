// Several processes, of which the one that runs a task stands still while Redis loses everything.
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createRandom } from '../../src/testing/random';
import { until } from '../helpers/async';
import { setUpOwnRedis } from '../helpers/own-redis';
import { gapCausesIn } from '../helpers/redis-contexts';
import { chunksIn, cursorsIn, storedChunksIn } from '../helpers/sse';
import { type Ended, spawnTaskServer, type TaskServer } from '../helpers/task-server';
import { createId } from '../helpers/tasks';

/** Nothing is committed by itself for half a minute, nor is anything given up for longer. */
const heartbeatMs = 30_000;
const keyPrefix = 'emptied';
const seed = 20_261_125;

const own = setUpOwnRedis();
let producer: TaskServer;
let others: [TaskServer, TaskServer];

beforeEach(async () => {
  const spawn = () => spawnTaskServer({ url: own.server.url, keyPrefix });
  [producer, ...others] = await Promise.all([spawn(), spawn(), spawn()]);
});

afterEach(async () => {
  await Promise.all([producer, ...others].map((server) => server.kill()));
});

const linesIn = (text: string) => text.split('"data-task-log"').length - 1;

/** Starts a task that has written some lines, which two other processes follow. */
async function startFollowed(taskId: string, lines: number) {
  const started = producer.start({ taskId, heartbeatMs, work: 'obey' });
  expect(await started.when('started')).toBe(200);
  started.tell({ lines });
  const followers = others.map((other) => other.follow({ taskId, heartbeatMs }));
  await until(async () => {
    const texts = await Promise.all([started, ...followers].map((one) => one.text()));
    return texts.every((text) => linesIn(text) === lines);
  });
  return { started, followers, cursors: cursorsIn(await partOf(started)) };
}

async function partOf(one: { text(): Promise<string> }): Promise<string> {
  const text = await one.text();
  return text.slice(0, text.lastIndexOf('\n\n') + 2);
}

// R-AWAY-1
it('answers 503 in all processes that saw a task run, until its own has begun the log anew', async () => {
  const random = createRandom(seed);
  for (let round = 0; round < 4; round++) {
    const taskId = createId();
    const { started, followers, cursors } = await startFollowed(taskId, 3 + round);
    await producer.pause();
    await own.admin.send('FLUSHALL');
    const ask = () => {
      const cursor = cursors[Math.floor(random() * (cursors.length + 1))];
      const options = { taskId, heartbeatMs, ...(cursor && { cursor }) };
      return others.map((other) => other.follow(options));
    };
    for (let attempt = 0; attempt < 3; attempt++) {
      const answers = await Promise.all(ask().map((one) => one.when('answered')));
      expect([seed, round, answers]).toEqual([seed, round, [503, 503]]);
    }
    producer.resume();
    started.tell({ lines: 2 });
    await until(async () => {
      const answers = await Promise.all(ask().map((one) => one.when('answered')));
      return answers.every((status) => status === 200);
    });
    started.tell('finish');
    expect(await started.when('result')).toEqual({ result: 'done' });
    for (const one of followers) {
      const { text } = await one.when<Ended>('ended');
      expect(text.split('"data-task-settle"')).toHaveLength(2);
      expect(text.endsWith('data: [DONE]\n\n')).toBe(true);
      expect(gapCausesIn(chunksIn(text))).not.toContain('another-log');
    }
  }
});

// R-CURSOR-9, R-EPOCH-2
it('keeps the runs apart when another process starts the task again meanwhile', async () => {
  const taskId = createId();
  const { started, followers, cursors } = await startFollowed(taskId, 5);
  await producer.pause();
  await own.admin.send('FLUSHALL');
  const [elsewhere] = others;
  const again = elsewhere.start({ taskId, heartbeatMs, work: 'obey' });
  expect(await again.when('started')).toBe(200);
  again.tell({ lines: 2 });
  const late = cursors.map((cursor, index) =>
    (others[index % 2] ?? elsewhere).follow({ taskId, heartbeatMs, cursor }),
  );
  await Promise.all(late.map((one) => one.when('answered')));
  producer.resume();
  started.tell({ lines: 1 });
  expect(await started.when('aborted')).toMatchObject({ code: 'lost' });
  again.tell({ lines: 2 });
  again.tell('finish');

  const { text: whole } = await again.when<Ended>('ended');
  const wanted = storedChunksIn(whole).map((chunk) => JSON.stringify(chunk));
  for (const one of [started, ...followers, ...late]) {
    const { text } = await one.when<Ended>('ended');
    const chunks = storedChunksIn(text).map((chunk) => JSON.stringify(chunk));
    const at = chunks.findIndex((chunk) => chunk.includes('"another-log"'));
    expect(at).toBeGreaterThanOrEqual(0);
    // A replay leaves snapshots out between the first and the newest.
    const withoutSnapshots = (list: string[]) =>
      list.filter((json) => !json.includes('"data-task",'));
    expect(withoutSnapshots(chunks.slice(at + 1))).toEqual(withoutSnapshots(wanted));
    expect(text.split('"data-task-settle"')).toHaveLength(2);
    expect(text.endsWith('data: [DONE]\n\n')).toBe(true);
  }
  expect(started.has('settled')).toBe(false);
});
