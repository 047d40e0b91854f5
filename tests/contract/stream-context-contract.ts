import { randomUUID } from 'node:crypto';
import type {
  OpenTaskOptions,
  ReadTaskOptions,
  TaskLog,
  TaskReader,
  TaskStreamContext,
} from 'ai-task-stream/server';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { absolute, relative } from '../helpers/cursors';

/** A chunk of a log, as JSON. */
function chunk(n: number | string): string {
  return JSON.stringify({ type: 'data-n', data: n });
}

function chunks(start: number, end: number): string[] {
  return Array.from({ length: end - start }, (_, index) => chunk(start + index));
}

interface Received {
  cursor: string;
  data: string;
}

/** Takes what is there now, as pairs of cursor, relative to the first epoch, and chunk. */
function takeNow(reader: TaskReader): Received[] {
  const cursors: string[] = [];
  const chunks: string[] = [];
  for (let range = reader.take(); range; range = reader.take()) {
    for (let n = range.start; n < range.end; n++) {
      cursors.push(`${range.epoch}-${n}`);
      chunks.push(range.data[n - range.offset] ?? '');
    }
  }
  return relative(cursors).map((cursor, index) => ({ cursor, data: chunks[index] ?? '' }));
}

/** Reads until `count` chunks have come, or to the end. */
async function receive(reader: TaskReader, count = Number.POSITIVE_INFINITY): Promise<Received[]> {
  const received: Received[] = [];
  for (;;) {
    received.push(...takeNow(reader));
    if (received.length >= count || reader.isEnded) return received;
    await reader.wait();
  }
}

async function readAll(
  context: TaskStreamContext,
  taskId: string,
  options?: ReadTaskOptions,
): Promise<Received[]> {
  const reader = await openReader(context, taskId, options);
  try {
    return await receive(reader);
  } finally {
    reader.close();
  }
}

async function openReader(
  context: TaskStreamContext,
  taskId: string,
  options?: ReadTaskOptions,
): Promise<TaskReader> {
  const { cursor } = options ?? {};
  const at = cursor === undefined ? undefined : await absolute(context, taskId, cursor);
  const reader = await context.read(taskId, { ...options, cursor: at });
  if (!reader) throw new Error(`The context does not know ${taskId}.`);
  return reader;
}

function aborted({ signal }: TaskLog): Promise<unknown> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(signal.reason);
    else signal.addEventListener('abort', () => resolve(signal.reason), { once: true });
  });
}

/** What a context that is live only does not promise. */
export type DurablePromise =
  /** The log of a settled task can be read by whoever comes then. */
  | 'replay after the end'
  /** Of many instances that open a task at the same time, one wins. */
  | 'atomic opening across instances'
  /** A cancel reaches its task from any instance. */
  | 'cancel across instances'
  /** Every instance knows the tasks of a chat. */
  | 'chats across instances'
  /** Every instance knows how a task ended. */
  | 'outcome across instances';

/** What contexts of `resumable-stream` leave out: other instances only know what is sent to them. */
export const liveOnly: readonly DurablePromise[] = [
  'replay after the end',
  'atomic opening across instances',
  'cancel across instances',
  'chats across instances',
  'outcome across instances',
];

interface Define {
  (name: string, test: () => Promise<void> | void): void;
  each<Value>(
    values: readonly Value[],
  ): (name: string, test: (value: Value) => Promise<void> | void) => void;
}

/** Not skipped, which would say that it could have run: the context has no such promise. */
const leaveOut: Define = Object.assign(() => {}, { each: () => () => {} });

/**
 * What every context promises. A suite for one calls it with a function that makes a context
 * which shares its storage with others that the same call made, as instances of a server do.
 *
 * @param without What the context does not promise; the tests of that are left out.
 */
export function describeStreamContext(
  name: string,
  createContext: () => Promise<TaskStreamContext> | TaskStreamContext,
  without: readonly DurablePromise[] = [],
): void {
  const itIf = (...promises: DurablePromise[]): Define =>
    promises.some((promise) => without.includes(promise)) ? leaveOut : it;
  const itReplays = itIf('replay after the end');
  const itOpensOnce = itIf('atomic opening across instances', 'replay after the end');
  const itCancels = itIf('cancel across instances');
  const itKnowsChats = itIf('chats across instances', 'replay after the end');
  const itKnowsOutcomes = itIf('outcome across instances');

  describe(`${name} keeps the promises of a stream context`, () => {
    /** The instance that runs tasks, and another one. */
    let context: TaskStreamContext;
    let elsewhere: TaskStreamContext;
    let taskId: string;
    let logs: TaskLog[];

    beforeEach(async () => {
      context = await createContext();
      elsewhere = await createContext();
      taskId = randomUUID();
      logs = [];
    });

    afterEach(async () => {
      for (const log of logs) {
        await log.settle([], 'cancelled');
        await log.release();
      }
      await Promise.all([context.close(), elsewhere.close()]);
    });

    const tryOpen = async (
      options: Partial<OpenTaskOptions> & { taskId?: string; context?: TaskStreamContext } = {},
    ) => {
      const { taskId: id = taskId, context: at = context, ...rest } = options;
      const log = await at.open(id, {
        leaseMs: 10_000,
        token: randomUUID(),
        frames: [chunk(0)],
        ...rest,
      });
      if (log) logs.push(log);
      return log;
    };

    const open = async (...parameters: Parameters<typeof tryOpen>) => {
      const log = await tryOpen(...parameters);
      if (!log) throw new Error('The task exists already.');
      return log;
    };

    describe('one producer', () => {
      it('opens a task once', async () => {
        expect(await tryOpen()).toBeDefined();
        expect(await tryOpen()).toBeUndefined();
        expect(await tryOpen({ context: elsewhere })).toBeUndefined();
      });

      itOpensOnce('lets one of many win who open at the same time', async () => {
        const attempts = Array.from({ length: 50 }, (_, index) =>
          tryOpen({ context: index % 2 ? elsewhere : context, frames: [chunk(index)] }),
        );
        const opened = (await Promise.all(attempts)).filter((log) => log !== undefined);
        expect(opened).toHaveLength(1);
        await opened[0]?.settle([], 'completed');
        expect(await readAll(context, taskId)).toHaveLength(1);
      });

      itReplays(
        'gives the same answer to the same token, without storing the first frames twice',
        async () => {
          const token = randomUUID();
          const first = await open({ token });
          first.append(chunk(1));
          await first.flushed();
          const again = await tryOpen({ token });
          expect(again).toBeDefined();
          await first.settle([chunk(2)], 'completed');
          expect(await readAll(context, taskId)).toEqual([
            { cursor: '0-0', data: chunk(0) },
            { cursor: '0-1', data: chunk(1) },
            { cursor: '0-2', data: chunk(2) },
          ]);
        },
      );

      it('does not open a task again that has settled', async () => {
        await (await open()).settle([], 'completed');
        expect(await tryOpen()).toBeUndefined();
      });

      it('does not open a task of another owner', async () => {
        await open({ owner: 'me' });
        expect(await tryOpen({ owner: 'you' })).toBeUndefined();
      });
    });

    describe('readers', () => {
      it('see the first frames as soon as the task is open', async () => {
        await open({ frames: [chunk('a'), chunk('b')] });
        const reader = await openReader(elsewhere, taskId);
        expect(await receive(reader, 2)).toEqual([
          { cursor: '0-0', data: chunk('a') },
          { cursor: '0-1', data: chunk('b') },
        ]);
        expect(reader.isEnded).toBe(false);
        expect(reader.isAlive).toBe(true);
        reader.close();
      });

      itReplays('get the same frames before, during and after the task', async () => {
        const log = await open();
        const before = await openReader(context, taskId);
        const beforeElsewhere = await openReader(elsewhere, taskId);
        for (const data of chunks(1, 100)) log.append(data);
        await log.flushed();
        const during = await openReader(context, taskId);
        const reading = [before, beforeElsewhere, during].map((reader) => receive(reader));
        for (const data of chunks(100, 200)) log.append(data);
        await log.settle(chunks(200, 203), 'completed');
        const expected = chunks(0, 203).map((data, n) => ({ cursor: `0-${n}`, data }));
        for (const received of await Promise.all(reading)) expect(received).toEqual(expected);
        expect(await readAll(context, taskId)).toEqual(expected);
        expect(await readAll(elsewhere, taskId)).toEqual(expected);
      });

      itReplays('get exactly what follows their cursor, whichever that is', async () => {
        const log = await open();
        for (const data of chunks(1, 20)) log.append(data);
        await log.settle([chunk(20)], 'completed');
        for (let n = 0; n <= 20; n++) {
          expect(await readAll(context, taskId, { cursor: `0-${n}` })).toEqual(
            chunks(n + 1, 21).map((data, index) => ({ cursor: `0-${n + 1 + index}`, data })),
          );
        }
      });

      it('at the last cursor of a settled task have ended at once', async () => {
        await (await open()).settle([chunk(1)], 'completed');
        const reader = await openReader(context, taskId, { cursor: '0-1' });
        expect(reader.isEnded).toBe(true);
        expect(reader.take()).toBeUndefined();
        await reader.wait();
        reader.close();
      });

      it('with a cursor beyond the end wait while the task is running', async () => {
        const log = await open();
        const reader = await openReader(context, taskId, { cursor: '0-2' });
        expect(takeNow(reader)).toEqual([]);
        expect(reader.isEnded).toBe(false);
        const reading = receive(reader);
        for (const data of chunks(1, 4)) log.append(data);
        await log.settle([chunk(4)], 'completed');
        expect(await reading).toEqual([
          { cursor: '0-3', data: chunk(3) },
          { cursor: '0-4', data: chunk(4) },
        ]);
        reader.close();
      });

      it('with a cursor beyond the end of a settled task end without a frame', async () => {
        await (await open()).settle([chunk(1)], 'completed');
        expect(await readAll(context, taskId, { cursor: '0-99' })).toEqual([]);
      });

      itReplays('that are slow hold up neither the producer nor the others', async () => {
        const log = await open();
        const slow = await openReader(context, taskId);
        for (const data of chunks(1, 5_000)) log.append(data);
        await log.settle([chunk(5_000)], 'completed');
        expect(await readAll(context, taskId)).toHaveLength(5_001);
        expect(slow.isEnded).toBe(false);
        expect(await receive(slow)).toHaveLength(5_001);
        expect(slow.isEnded).toBe(true);
        slow.close();
      });

      it('mark as replay what was there before they had caught up, and nothing after', async () => {
        const log = await open();
        log.append(chunk(1));
        await log.flushed();
        const reader = await openReader(context, taskId);
        const marks: boolean[] = [];
        const take = async (count: number) => {
          for (let taken = 0; taken < count; ) {
            const range = reader.take();
            if (!range) {
              await reader.wait();
              continue;
            }
            marks.push(range.isReplay);
            taken += range.end - range.start;
          }
        };
        await take(2);
        expect(reader.take()).toBeUndefined();
        const replayed = marks.length;
        log.append(chunk(2));
        await take(1);
        log.append(chunk(3));
        await take(1);
        expect(marks.slice(0, replayed)).not.toContain(false);
        expect(marks.slice(replayed)).not.toContain(true);
        reader.close();
      });

      it('that leave are woken and end, and nobody else notices', async () => {
        const log = await open();
        const leaving = await openReader(context, taskId);
        const staying = await openReader(context, taskId);
        await receive(leaving, 1);
        const waiting = leaving.wait();
        leaving.close();
        leaving.close();
        await waiting;
        expect(leaving.isEnded).toBe(true);
        await log.settle([chunk(1)], 'completed');
        expect(leaving.take()).toBeUndefined();
        expect(await receive(staying)).toHaveLength(2);
        staying.close();
      });

      it('of a task that is unknown or somebody else’s get nothing', async () => {
        expect(await context.read(taskId)).toBeUndefined();
        await open({ owner: 'me' });
        for (const owner of [undefined, '', 'you']) {
          expect(await context.read(taskId, { owner })).toBeUndefined();
        }
        const mine = await openReader(elsewhere, taskId, { owner: 'me' });
        mine.close();
      });

      it('of a task without an owner need not be anybody', async () => {
        await open();
        expect(await context.read(taskId, { owner: 'me' })).toBeUndefined();
        (await openReader(context, taskId)).close();
      });
    });

    describe('the outcome', () => {
      itKnowsOutcomes.each(['completed', 'failed', 'cancelled'] as const)(
        '%s is kept with the record',
        async (status) => {
          const log = await open({ owner: 'me', chatId: 'chat', name: 'Report' });
          const createdAt = (await context.inspect(taskId))?.createdAt;
          const first = await absolute(context, taskId, '0-0');
          expect(await context.inspect(taskId)).toEqual({
            taskId,
            status: 'running',
            owner: 'me',
            chatId: 'chat',
            name: 'Report',
            cursor: first,
            createdAt: expect.any(Number),
          });
          expect(await log.settle([chunk(1), chunk(2)], status)).toBe(true);
          expect(await elsewhere.inspect(taskId)).toMatchObject({
            status,
            cursor: first.replace(/0$/, '2'),
            createdAt,
          });
        },
      );

      itReplays('is told once: whoever settles later is refused and adds nothing', async () => {
        const token = randomUUID();
        const first = await open({ token });
        const second = (await tryOpen({ token })) ?? first;
        expect(await first.settle([chunk(1)], 'completed')).toBe(true);
        expect(await second.settle([chunk('late')], 'failed')).toBe(false);
        expect(await first.settle([chunk('late')], 'failed')).toBe(false);
        second.append(chunk('late'));
        first.append(chunk('late'));
        await first.flushed();
        expect((await context.inspect(taskId))?.status).toBe('completed');
        expect(await readAll(context, taskId)).toHaveLength(2);
      });

      itReplays('comes after everything that was appended before', async () => {
        const log = await open();
        for (const data of chunks(1, 1_000)) log.append(data);
        await log.settle([chunk('end')], 'completed');
        const received = await readAll(elsewhere, taskId);
        expect(received).toHaveLength(1_001);
        expect(received.at(-1)).toEqual({ cursor: '0-1000', data: chunk('end') });
      });

      it('of an unknown task is undefined', async () => {
        expect(await context.inspect(taskId)).toBeUndefined();
      });

      itReplays('does not disturb a log that is as large as it gets', async () => {
        const log = await open();
        const large = JSON.stringify({ type: 'data-n', data: 'ä\u2028😀'.repeat(200_000) });
        log.append(large);
        await log.settle([chunk(2)], 'completed');
        expect((await readAll(context, taskId)).map(({ data }) => data)).toEqual([
          chunk(0),
          large,
          chunk(2),
        ]);
      });
    });

    describe('an outcome of which the host has to be told', () => {
      const claim = async (options?: { owner?: string; at?: TaskStreamContext }) => {
        const { at = context, ...rest } = options ?? {};
        return at.claimOutcome?.(taskId, rest);
      };
      const isUnsaved = async () => (await context.inspect(taskId))?.isUnsaved;

      /** Claims what nobody holds. */
      const claimFree = async () => {
        const claiming = await claim();
        if (claiming?.kind !== 'claimed') throw new Error(`It is ${claiming?.kind}.`);
        return claiming.claim;
      };

      // R-SAVE-1
      it('is unsaved from its settling until the host has it, and claimed by nobody else', async () => {
        const log = await open({ savesOutcome: true });
        expect(await isUnsaved()).toBeUndefined();
        expect(await claim()).toEqual({ kind: 'running' });
        await log.settle([chunk(1)], 'completed');
        expect(log.isStored ?? true).toBe(true);
        expect(await isUnsaved()).toBe(true);
        expect(await claim()).toEqual({ kind: 'held', waitMs: expect.any(Number) });
        await log.release({ isSaved: true });
        expect(await isUnsaved()).toBeUndefined();
        expect(await claim()).toBeUndefined();
      });

      // R-SAVE-2, R-SAVE-3
      it('that the host does not have is claimed by one at a time, until it has', async () => {
        const continued = JSON.stringify({ id: 'm', parts: ['ä\u2028'] });
        const log = await open({ savesOutcome: true, continued });
        await log.settle([chunk(1)], 'failed');
        await log.release({ isSaved: false });
        for (let count = 0; count < 2; count++) {
          expect(await isUnsaved()).toBe(true);
          const own = await claimFree();
          expect(own.continued).toBe(continued);
          expect(await claim()).toEqual({ kind: 'held', waitMs: expect.any(Number) });
          await own.release({ isSaved: false });
        }
        await (await claimFree()).release({ isSaved: true });
        expect(await isUnsaved()).toBeUndefined();
        expect(await claim()).toBeUndefined();
      });

      it('may reach the host late, though it was given up', async () => {
        const log = await open({ savesOutcome: true });
        await log.settle([chunk(1)], 'completed');
        await log.release();
        expect(await isUnsaved()).toBe(true);
        await log.release({ isSaved: true });
        await log.release();
        expect(await isUnsaved()).toBeUndefined();
        expect(await claim()).toBeUndefined();
      });

      itKnowsOutcomes('is claimed from any instance', async () => {
        const log = await open({ savesOutcome: true });
        expect(await claim({ at: elsewhere })).toEqual({ kind: 'running' });
        await log.settle([chunk(1)], 'completed');
        expect(await claim({ at: elsewhere })).toMatchObject({ kind: 'held' });
        await log.release({ isSaved: false });
        const claiming = await claim({ at: elsewhere });
        expect(claiming).toMatchObject({ kind: 'claimed' });
        expect(await claim()).toMatchObject({ kind: 'held' });
        if (claiming?.kind === 'claimed') await claiming.claim.release({ isSaved: true });
        expect(await claim()).toBeUndefined();
      });

      it('is nobody’s but its owner’s', async () => {
        const log = await open({ owner: 'me', savesOutcome: true });
        await log.settle([chunk(1)], 'completed');
        await log.release({ isSaved: false });
        for (const owner of [undefined, '', 'you']) expect(await claim({ owner })).toBeUndefined();
        expect(await claim({ owner: 'me' })).toMatchObject({ kind: 'claimed' });
      });

      it('is none where the task has nobody to tell, and for a task that is not known', async () => {
        expect(await claim()).toBeUndefined();
        const log = await open({ continued: '{}' });
        await log.settle([chunk(1)], 'completed');
        expect(await isUnsaved()).toBeUndefined();
        expect(await claim()).toBeUndefined();
        await log.release();
      });
    });

    describe('a cancel', () => {
      itCancels('reaches the producer, from wherever it is asked for', async () => {
        const log = await open();
        expect(log.signal.aborted).toBe(false);
        expect(await elsewhere.cancel(taskId, { reason: 'Enough.' })).toBe(true);
        expect(await aborted(log)).toMatchObject({
          name: 'AbortError',
          cause: { name: 'TaskError', code: 'cancelled', message: 'Enough.' },
        });
        expect(log.signal.reason).toBeInstanceOf(DOMException);
      });

      it('needs no reason', async () => {
        const log = await open();
        await context.cancel(taskId);
        expect(await aborted(log)).toMatchObject({
          cause: { code: 'cancelled', message: 'The task was cancelled.' },
        });
      });

      itCancels('keeps its first reason when it is asked for again', async () => {
        const token = randomUUID();
        const log = await open({ token });
        expect(await context.cancel(taskId, { reason: 'first' })).toBe(true);
        expect(await elsewhere.cancel(taskId, { reason: 'second' })).toBe(true);
        expect(await aborted(log)).toMatchObject({ cause: { message: 'first' } });
        const again = await open({ token });
        expect(await aborted(again)).toMatchObject({ cause: { message: 'first' } });
      });

      itReplays('leaves the log open: the producer settles', async () => {
        const log = await open();
        await context.cancel(taskId);
        await aborted(log);
        log.append(chunk(1));
        expect(await log.settle([chunk(2)], 'cancelled')).toBe(true);
        expect(await readAll(context, taskId)).toHaveLength(3);
      });

      it('is refused once the task is over', async () => {
        await (await open()).settle([], 'completed');
        expect(await context.cancel(taskId)).toBe(false);
      });

      it('is refused to others than the owner', async () => {
        const log = await open({ owner: 'me' });
        for (const owner of [undefined, '', 'you']) {
          expect(await context.cancel(taskId, { owner })).toBe(false);
        }
        expect(log.signal.aborted).toBe(false);
        expect(await context.cancel(taskId, { owner: 'me' })).toBe(true);
        await aborted(log);
      });

      itCancels('that comes before the task is kept for it, with its first reason', async () => {
        expect(await elsewhere.cancel(taskId, { owner: 'me', reason: 'first' })).toBe(true);
        expect(await context.cancel(taskId, { owner: 'me', reason: 'second' })).toBe(true);
        const log = await open({ owner: 'me' });
        expect(await aborted(log)).toMatchObject({
          cause: { code: 'cancelled', message: 'first' },
        });
      });

      it('has a reason of at most 1,000 characters, which is not cut within one (R-DELETE-4)', async () => {
        const cut: [string, string][] = [
          ['x'.repeat(1_000), 'x'.repeat(1_000)],
          ['x'.repeat(14_000), 'x'.repeat(1_000)],
          [`${'x'.repeat(999)}\u{1F600}y`, 'x'.repeat(999)],
          [`${'x'.repeat(998)}\u{1F600}y`, `${'x'.repeat(998)}\u{1F600}`],
          ['\u{1F600}'.repeat(7_000), '\u{1F600}'.repeat(500)],
          ['\ufeffone half: \ud800', '\ufeffone half: \ufffd'],
        ];
        for (const isEarly of [false, true]) {
          for (const [reason, kept] of cut) {
            const id = randomUUID();
            if (isEarly) await context.cancel(id, { reason });
            const log = await open({ taskId: id });
            if (!isEarly) await context.cancel(id, { reason });
            expect(await aborted(log)).toMatchObject({ cause: { message: kept } });
          }
        }
      });

      it('that comes before the task is bound to its owner', async () => {
        expect(await context.cancel(taskId, { owner: 'you', reason: 'x' })).toBe(true);
        expect(await context.cancel(taskId)).toBe(true);
        const log = await open({ owner: 'me' });
        await log.flushed();
        expect(log.signal.aborted).toBe(false);
      });
    });

    describe('names that a storage may not tell apart', () => {
      it.each([null, 5, {}, '\ud800', 'a\udfff'])('such as %j are refused', async (value) => {
        const name = value as never;
        const refused = { code: 'invalid-options' };
        for (const option of ['owner', 'name', 'definition']) {
          await expect(open({ [option]: name })).rejects.toMatchObject(refused);
        }
        await expect(open({ chatId: name })).rejects.toMatchObject({ code: 'invalid-body' });
        for (const options of [{ owner: name }, { definition: name }]) {
          await expect(context.read(taskId, options)).rejects.toMatchObject(refused);
          await expect(context.cancel(taskId, options)).rejects.toMatchObject(refused);
        }
        await expect(context.activeTask('chat', { owner: name })).rejects.toMatchObject(refused);
        await expect(context.activeTask(name)).rejects.toMatchObject({ code: 'invalid-body' });
        expect(await context.inspect(taskId)).toBeUndefined();
      });
    });

    describe('a definition', () => {
      const owner = 'me';

      it('is kept with the task, which is unknown to those who ask for another', async () => {
        const log = await open({ owner, definition: 'report' });
        for (const asked of [context, elsewhere]) {
          expect(await asked.inspect(taskId)).toMatchObject({ definition: 'report' });
          for (const definition of ['other', '', 'Report']) {
            expect(await asked.read(taskId, { owner, definition })).toBeUndefined();
            expect(await asked.cancel(taskId, { owner, definition })).toBe(false);
          }
          expect(await asked.read(taskId, { definition: 'report' })).toBeUndefined();
          for (const options of [{ owner }, { owner, definition: 'report' }]) {
            const reader = await openReader(asked, taskId, options);
            expect(await receive(reader, 1)).toHaveLength(1);
            reader.close();
          }
        }
        expect(log.signal.aborted).toBe(false);
        expect(await context.cancel(taskId, { owner, definition: 'report' })).toBe(true);
        await aborted(log);
      });

      it('is none of a task that was opened without, which only those can ask for who name none', async () => {
        const log = await open();
        expect((await context.inspect(taskId))?.definition).toBeUndefined();
        for (const definition of ['report', '']) {
          expect(await context.read(taskId, { definition })).toBeUndefined();
          expect(await context.cancel(taskId, { definition })).toBe(false);
        }
        expect(await context.cancel(taskId)).toBe(true);
        await aborted(log);
      });

      it('has the cancels for itself that name it before the task comes', async () => {
        await context.cancel(taskId, { owner, definition: 'other', reason: 'not meant' });
        await context.cancel(taskId, { owner, definition: '', reason: 'not meant' });
        const log = await open({ owner, definition: 'report' });
        await log.flushed();
        expect(log.signal.aborted).toBe(false);

        const [meantId, anyId, noneId] = [randomUUID(), randomUUID(), randomUUID()];
        await context.cancel(meantId, { owner, definition: 'report', reason: 'meant' });
        const meant = await open({ taskId: meantId, owner, definition: 'report' });
        expect(await aborted(meant)).toMatchObject({ cause: { message: 'meant' } });
        await context.cancel(anyId, { owner, reason: 'any' });
        const any = await open({ taskId: anyId, owner, definition: 'report' });
        expect(await aborted(any)).toMatchObject({ cause: { message: 'any' } });
        await context.cancel(noneId, { owner, definition: 'report' });
        const none = await open({ taskId: noneId, owner });
        await none.flushed();
        expect(none.signal.aborted).toBe(false);
      });
    });

    describe('a chat', () => {
      // Of its own for each test, because storage outlives tests.
      let chatId: string;
      beforeEach(() => {
        chatId = randomUUID();
      });

      itKnowsChats('has the running task for its active one, until that is released', async () => {
        expect(await context.activeTask(chatId)).toBeUndefined();
        const log = await open({ chatId });
        expect(await elsewhere.activeTask(chatId)).toBe(taskId);
        await log.settle([], 'completed');
        expect(await elsewhere.activeTask(chatId)).toBe(taskId);
        await log.release();
        await log.release();
        expect(await elsewhere.activeTask(chatId)).toBeUndefined();
        expect(await readAll(context, taskId)).toHaveLength(1);
      });

      itKnowsChats('cancels its running task as superseded when another opens', async () => {
        const first = await open({ chatId });
        const second = await open({ taskId: randomUUID(), chatId, context: elsewhere });
        expect(await aborted(first)).toMatchObject({
          cause: { code: 'cancelled', message: 'superseded' },
        });
        expect(second.signal.aborted).toBe(false);
      });

      it('is not cleared by a task that is its active one no more', async () => {
        const first = await open({ chatId });
        const secondId = randomUUID();
        const second = await open({ taskId: secondId, chatId });
        await first.settle([], 'cancelled');
        await first.release();
        expect(await context.activeTask(chatId)).toBe(secondId);
        await second.settle([], 'completed');
        await second.release();
        expect(await context.activeTask(chatId)).toBeUndefined();
      });

      it('has several tasks when they are concurrent, the newest being active', async () => {
        const first = await open({ chatId });
        const secondId = randomUUID();
        const second = await open({ taskId: secondId, chatId, concurrent: true });
        await second.flushed();
        await first.flushed();
        expect(first.signal.aborted).toBe(false);
        expect(await context.activeTask(chatId)).toBe(secondId);
      });

      /** Notes when a promise has resolved. */
      const watch = (promise: Promise<void> | undefined) => {
        const watched = { isDone: false, done: Promise.resolve() };
        watched.done = (promise ?? Promise.resolve()).then(() => {
          watched.isDone = true;
        });
        return watched;
      };

      /** Long enough for what an instance has been told to reach it. */
      const settleDown = () => new Promise((resolve) => setTimeout(resolve, 100));

      const savesInOrder = async (at: TaskStreamContext) => {
        const first = await open({ chatId, savesOutcome: true });
        const secondId = randomUUID();
        const second = await open({ chatId, savesOutcome: true, taskId: secondId, context: at });
        const third = await open({ chatId, savesOutcome: true, taskId: randomUUID() });
        await second.settle([], 'cancelled');
        await third.settle([], 'completed');
        const [beforeSecond, beforeThird] = [second, third].map((log) =>
          watch(log.predecessorsSaved?.()),
        );
        await settleDown();
        expect([beforeSecond?.isDone, beforeThird?.isDone]).toEqual([false, false]);
        await first.settle([], 'cancelled');
        await settleDown();
        expect([beforeSecond?.isDone, beforeThird?.isDone]).toEqual([false, false]);
        await first.release({ isSaved: true });
        await beforeSecond?.done;
        await settleDown();
        expect(beforeThird?.isDone).toBe(false);
        await second.release({ isSaved: false });
        await beforeThird?.done;
      };

      // R-SAVE-5
      it('has its turns saved in their order, or given up', () => savesInOrder(context));

      // R-SAVE-5
      itKnowsChats('has them saved in their order across instances', () => savesInOrder(elsewhere));

      it('has concurrent tasks saved without waiting for each other', async () => {
        const first = await open({ chatId, savesOutcome: true });
        const second = await open({ chatId, taskId: randomUUID(), concurrent: true });
        await second.predecessorsSaved?.();
        // One that supersedes them waits for both.
        const third = await open({ chatId, taskId: randomUUID() });
        const before = watch(third.predecessorsSaved?.());
        await first.settle([], 'cancelled');
        await first.release({ isSaved: true });
        await settleDown();
        expect(before.isDone).toBe(false);
        await second.settle([], 'cancelled');
        await second.release();
        await before.done;
      });

      it('has the first task of it saved at once', async () => {
        await (await open({ chatId })).predecessorsSaved?.();
        await (await open({ taskId: randomUUID() })).predecessorsSaved?.();
      });

      it('is its owner’s: nobody else sees, shadows or supersedes its tasks', async () => {
        const mine = await open({ chatId, owner: 'me' });
        const yoursId = randomUUID();
        const yours = await open({ taskId: yoursId, chatId, owner: 'you' });
        await open({ taskId: randomUUID(), chatId });
        await mine.flushed();
        expect(mine.signal.aborted).toBe(false);
        expect(await context.activeTask(chatId, { owner: 'me' })).toBe(taskId);
        expect(await context.activeTask(chatId, { owner: 'you' })).toBe(yoursId);
        expect(await context.activeTask(chatId, { owner: 'them' })).toBeUndefined();
        expect(yours.signal.aborted).toBe(false);
      });

      it('and an owner whose names run together are not mistaken for each other', async () => {
        await open({ chatId: `${chatId}:b`, owner: 'a' });
        expect(await context.activeTask('b', { owner: `a:${chatId}` })).toBeUndefined();
        expect(await context.activeTask(`${chatId}`, { owner: 'a:b' })).toBeUndefined();
      });
    });

    describe('closing', () => {
      it('may be done twice', async () => {
        const other = await createContext();
        await other.close();
        await other.close();
      });
    });
  });
}
