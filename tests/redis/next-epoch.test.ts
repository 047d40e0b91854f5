// A log goes on in its next epoch where it lacks frames that its producer has no more.
import { randomUUID } from 'node:crypto';
import type { UIMessageChunk } from 'ai';
import type { TaskLog, TaskReader, TaskStreamContext } from 'ai-task-stream/server';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { formatCursor, parseCursor } from '../../src/protocol/cursor';
import { receiveFrames } from '../../src/testing/contract/reading';
import { aiVersions } from '../helpers/ai-versions';
import { until } from '../helpers/async';
import { numberedChunk } from '../helpers/numbered-log';
import { setUpOwnRedis } from '../helpers/own-redis';
import {
  createRedisInstances,
  expectAccepted,
  gapCausesIn,
  type RedisInstance,
} from '../helpers/redis-contexts';

const own = setUpOwnRedis();
const instances = createRedisInstances();
/** Where the task runs. It gives few characters a place while Redis is away. */
let home: RedisInstance;
let elsewhere: RedisInstance;
let taskId: string;

beforeEach(() => {
  taskId = randomUUID();
  const options = { url: own.server.url, commandTimeoutMs: 200, maxUnflushedBytes: 400 };
  home = instances.open(options);
  elsewhere = instances.open({ ...options, keyPrefix: home.keyPrefix });
});

afterEach(async () => {
  own.server.resume();
  await instances.close();
});

type Chunk = UIMessageChunk | { type: string };

const textOf = (id: string) => ({
  start: { type: 'text-start' as const, id },
  delta: (delta: string) => ({ type: 'text-delta' as const, id, delta }),
  end: { type: 'text-end' as const, id },
});

const callOf = (toolCallId: string) => ({
  input: { type: 'tool-input-available' as const, toolCallId, toolName: 'search', input: {} },
  asks: { type: 'tool-approval-request' as const, toolCallId, approvalId: `of ${toolCallId}` },
  output: { type: 'tool-output-available' as const, toolCallId, output: 1 },
});

const snapshot = (value: number) => ({
  type: 'data-task' as const,
  id: taskId,
  data: {
    taskId,
    status: 'running' as const,
    progress: { value },
    createdAt: 1_767_225_600_000,
    updatedAt: 1_767_225_600_000,
  },
});

/** Opens a task that goes on with a message. */
async function open(): Promise<TaskLog> {
  const told = textOf('told');
  const history = [{ type: 'start' }, told.start, told.delta('Told.'), told.end];
  const log = await home.context.open(taskId, {
    leaseMs: 60_000,
    token: randomUUID(),
    frames: [...history, { type: 'start' }, snapshot(0)].map((each) => JSON.stringify(each)),
  });
  if (!log) throw new Error('The task exists already.');
  return log;
}

function write(log: TaskLog, ...chunks: Chunk[]): void {
  for (const each of chunks) log.append(JSON.stringify(each));
}

/** Writes while Redis stands still, from when that is known, until it is back and has all of it. */
async function writeWhileAway(log: TaskLog, whileAway: () => void): Promise<void> {
  const before = home.errors.length;
  await own.server.pause();
  write(log, textOf('a').delta('waits '));
  await until(() => home.errors.length > before);
  whileAway();
  own.server.resume();
}

/** The cursors, as a context takes them, and the chunks that a reader takes until its log ends. */
async function readOf(context: TaskStreamContext, cursor?: string) {
  return receive(await context.read(taskId, { cursor: parseCursor(cursor ?? '') }));
}

async function receive(reader: TaskReader | undefined) {
  if (!reader) throw new Error(`${taskId} is unknown.`);
  const frames = await receiveFrames(reader);
  reader.close();
  return frames.map(({ epoch, n, data }) => ({
    cursor: formatCursor(epoch, n),
    epoch,
    chunk: JSON.parse(data) as UIMessageChunk,
  }));
}

const epochOf = async () => Number((await elsewhere.context.inspect(taskId))?.cursor.split('-')[0]);

const record = (...words: string[]) => {
  const [name = '', ...rest] = words;
  return own.admin.send(name, `${home.keyPrefix}:{${taskId}}:m`, ...rest);
};

// R-STORE-2, R-CURSOR-7, R-CURSOR-3
it('tells all readers elsewhere, whatever their cursor, what they lack after a long outage', async () => {
  const [a, b] = [textOf('a'), textOf('b')];
  const [ends, asks] = [callOf('ends'), callOf('asks')];
  const log = await open();
  const first = await epochOf();
  const here = receive(await home.context.read(taskId));
  const there = receive(await elsewhere.context.read(taskId));
  write(log, a.start, ends.input, asks.input, asks.asks, a.delta('one '));
  await log.flushed();
  await writeWhileAway(log, () => {
    write(log, a.delta('x'.repeat(400)), a.end, ends.output, snapshot(1), b.start);
    write(log, b.delta('y'.repeat(400)));
  });
  await until(async () => (await epochOf()) === first + 1);
  write(log, b.delta('two'), b.end);
  expect(await log.settle([JSON.stringify({ type: 'finish' })], 'completed')).toBe(true);

  // Who follows the process that runs the task misses nothing, and gets nothing twice.
  const own = await here;
  expect(gapCausesIn(own.map(({ chunk }) => chunk))).toEqual([]);
  expect(own.map(({ chunk: { type } }) => type).slice(4)).toEqual([
    ...['start', 'data-task', 'text-start', 'tool-input-available', 'tool-input-available'],
    ...['tool-approval-request', 'text-delta', 'text-delta', 'text-delta', 'text-end'],
    ...['tool-output-available', 'data-task', 'text-start', 'text-delta', 'text-delta'],
    ...['text-end', 'finish'],
  ]);

  const log0 = await readOf(elsewhere.context);
  const [before, after] = [first, first + 1].map((epoch) =>
    log0.filter((frame) => frame.epoch === epoch),
  );
  expect(before?.at(-1)?.chunk).toEqual(a.delta('waits '));
  expect(after?.map(({ chunk }) => chunk)).toEqual([
    snapshot(1),
    expect.objectContaining({ type: 'data-task-error' }),
    a.end,
    expect.objectContaining({ type: 'tool-output-error', toolCallId: 'ends' }),
    b.start,
    b.delta('two'),
    b.end,
    { type: 'finish' },
  ]);
  const chunks = log0.map(({ chunk }) => chunk);
  expect(gapCausesIn(chunks)).toEqual(['storage-away']);
  expect(await expectAccepted(chunks)).toEqual(['Told.', 'one waits ', 'two']);
  for (const { readMessage } of aiVersions) {
    const message = await readMessage(structuredClone(chunks));
    const states = message?.parts.flatMap((part) => ('toolCallId' in part ? [part.state] : []));
    expect(states).toEqual(['output-error', 'approval-requested']);
  }
  expect((await there).map(({ chunk }) => chunk)).toEqual(chunks);

  // Whoever has some of it gets the rest, also with a cursor that only readers here could have.
  for (const at of [...own, ...log0]) {
    const isStored = log0.some(({ cursor }) => cursor === at.cursor);
    const index = log0.findIndex(({ cursor }) => cursor === at.cursor);
    const rest = isStored ? log0.slice(index + 1) : after;
    expect([at.cursor, await readOf(elsewhere.context, at.cursor)]).toEqual([at.cursor, rest]);
  }
});

it('stores the outcome of a task that ends while it drops frames, behind what tells of them', async () => {
  const a = textOf('a');
  const log = await open();
  const first = await epochOf();
  write(log, a.start);
  await log.flushed();
  let settled: Promise<boolean | 'cancelled'> | undefined;
  await writeWhileAway(log, () => {
    write(log, a.delta('x'.repeat(400)), a.delta('y'));
    const closing = [a.end, { type: 'finish' }].map((each) => JSON.stringify(each));
    settled = log.settle(closing, 'completed');
  });
  expect(await settled).toBe(true);
  expect(await elsewhere.context.inspect(taskId)).toMatchObject({ status: 'completed' });
  const frames = await readOf(elsewhere.context);
  expect(frames.filter(({ epoch }) => epoch > first).map(({ chunk: { type } }) => type)).toEqual([
    'data-task',
    'data-task-error',
    'text-end',
    'finish',
  ]);
  expect(await expectAccepted(frames.map(({ chunk }) => chunk))).toEqual(['Told.', 'waits ']);
});

// R-STORE-1, R-STORE-2
it('begins the next epoch where Redis has lost the end of the log, with the starts that were in it', async () => {
  const [a, b] = [textOf('a'), textOf('b')];
  const log = await open();
  const first = await epochOf();
  write(log, a.start, a.delta('kept '));
  await log.flushed();
  const end = String(await record('HGET', 'end'));
  write(log, b.start, b.delta('lost '));
  await log.flushed();
  // As in a copy that had not got the newest yet, and takes the place of the one that had.
  await record('HSET', 'end', end);
  await own.admin.send('XTRIM', `${home.keyPrefix}:{${taskId}}:f`, 'MAXLEN', '0');
  write(log, b.delta('two'), a.delta('three'));
  await log.flushed();
  expect(await epochOf()).toBe(first + 1);
  await log.settle([JSON.stringify({ type: 'finish' })], 'completed');
  const after = (await readOf(elsewhere.context)).filter(({ epoch }) => epoch > first);
  expect(after.map(({ chunk }) => chunk)).toEqual([
    snapshot(0),
    expect.objectContaining({ type: 'data-task-error' }),
    b.start,
    b.delta('two'),
    a.delta('three'),
    { type: 'finish' },
  ]);
});

// R-FENCE-1
it('goes on above all its epochs where Redis has lost the newest of them', async () => {
  const a = textOf('a');
  const log = await open();
  const first = await epochOf();
  write(log, a.start);
  await log.flushed();
  const end = String(await record('HGET', 'end'));
  await writeWhileAway(log, () => write(log, a.delta('x'.repeat(400))));
  await until(async () => (await epochOf()) === first + 1);
  await record('HSET', 'epoch', String(first), 'end', end);
  await record('HDEL', `endOf${first}`);
  log.append(numberedChunk(1));
  await log.flushed();
  expect(log.signal.aborted).toBe(false);
  expect(await epochOf()).toBe(first + 2);
  await log.settle([JSON.stringify({ type: 'finish' })], 'completed');
  const frames = (await readOf(elsewhere.context)).filter(({ epoch }) => epoch === first + 2);
  expect(frames.map(({ chunk: { type } }) => type)).toEqual([
    'data-task',
    'data-task-error',
    'text-start',
    'data-n',
    'finish',
  ]);
});
