import { deepEqual, equal, ok } from 'node:assert/strict';
import { chunk, chunks } from './chunks';
import { expectNone } from './expectations';
import { receive, receiveMarks } from './reading';
import type { ContractSuite } from './suite';

/** Any number of readers get what follows their cursors (R-CONTEXT-2). */
export function describeReaders({ describe, it, itIf }: ContractSuite): void {
  const itReplays = itIf('replay after the end');

  describe('readers', () => {
    it('see the first frames as soon as the task is open', async ({
      open,
      openReader,
      elsewhere,
    }) => {
      await open({ frames: [chunk('a'), chunk('b')] });
      const reader = await openReader(elsewhere);
      deepEqual(await receive(reader, 2), [
        { cursor: '0-0', data: chunk('a') },
        { cursor: '0-1', data: chunk('b') },
      ]);
      equal(reader.isEnded, false);
      equal(reader.isAlive, true);
      reader.close();
    });

    itReplays('get the same frames before, during and after the task', async (bench) => {
      const { open, openReader, readAll, context, elsewhere } = bench;
      const log = await open();
      const before = await openReader(context);
      const beforeElsewhere = await openReader(elsewhere);
      for (const data of chunks(1, 100)) log.append(data);
      await log.flushed();
      const during = await openReader(context);
      const reading = [before, beforeElsewhere, during].map((reader) => receive(reader));
      for (const data of chunks(100, 200)) log.append(data);
      await log.settle(chunks(200, 203), 'completed');
      const expected = chunks(0, 203).map((data, n) => ({ cursor: `0-${n}`, data }));
      for (const received of await Promise.all(reading)) deepEqual(received, expected);
      deepEqual(await readAll(context), expected);
      deepEqual(await readAll(elsewhere), expected);
    });

    itReplays('see elsewhere what was appended, once it is flushed', async (bench) => {
      const { open, openReader, elsewhere } = bench;
      const log = await open();
      for (const data of chunks(1, 10)) log.append(data);
      await log.caughtUp();
      await log.flushed();
      equal(log.isBehind, false);
      const reader = await openReader(elsewhere);
      deepEqual(
        (await receive(reader, 10)).map(({ data }) => data),
        chunks(0, 10),
      );
      reader.close();
    });

    itReplays('get exactly what follows their cursor, whichever that is', async (bench) => {
      const { open, readAll, cursorOf, context } = bench;
      const log = await open();
      for (const data of chunks(1, 20)) log.append(data);
      await log.settle([chunk(20)], 'completed');
      for (let n = 0; n <= 20; n++) {
        deepEqual(
          await readAll(context, { cursor: await cursorOf(n) }),
          chunks(n + 1, 21).map((data, index) => ({ cursor: `0-${n + 1 + index}`, data })),
        );
      }
    });

    it('without a cursor leave out as many frames from the start as they want', async (bench) => {
      const { open, openReader, cursorOf, context } = bench;
      await open({ frames: chunks(0, 4) });
      const skipping = await openReader(context, { skip: 3 });
      deepEqual(await receive(skipping, 1), [{ cursor: '0-3', data: chunk(3) }]);
      const withCursor = await openReader(context, { skip: 3, cursor: await cursorOf(0) });
      deepEqual(await receive(withCursor, 3), [
        { cursor: '0-1', data: chunk(1) },
        { cursor: '0-2', data: chunk(2) },
        { cursor: '0-3', data: chunk(3) },
      ]);
      skipping.close();
      withCursor.close();
    });

    it('at the last cursor of a settled task have ended at once', async (bench) => {
      const { open, openReader, cursorOf, context } = bench;
      await (await open()).settle([chunk(1)], 'completed');
      const reader = await openReader(context, { cursor: await cursorOf(1) });
      equal(reader.isEnded, true);
      equal(reader.isCut ?? false, false);
      expectNone(reader.take());
      equal((await reader.next()).done, true);
      reader.close();
    });

    it('with a cursor beyond the end wait while the task is running', async (bench) => {
      const { open, openReader, cursorOf, context } = bench;
      const log = await open();
      const reader = await openReader(context, { cursor: await cursorOf(2) });
      expectNone(reader.take());
      equal(reader.isEnded, false);
      const reading = receive(reader);
      for (const data of chunks(1, 4)) log.append(data);
      await log.settle([chunk(4)], 'completed');
      deepEqual(await reading, [
        { cursor: '0-3', data: chunk(3) },
        { cursor: '0-4', data: chunk(4) },
      ]);
      reader.close();
    });

    it('with a cursor beyond the end hold up nobody else', async (bench) => {
      const { open, openReader, cursorOf, elsewhere } = bench;
      const log = await open();
      const beyond = await openReader(elsewhere, { cursor: await cursorOf(99) });
      const others = [
        await openReader(elsewhere),
        await openReader(elsewhere, { cursor: await cursorOf(0) }),
      ];
      const reading = [...others, beyond].map((reader) => receive(reader));
      for (const data of chunks(1, 4)) log.append(data);
      await log.settle([chunk(4)], 'completed');
      const expected = chunks(0, 5).map((data, n) => ({ cursor: `0-${n}`, data }));
      deepEqual(await Promise.all(reading), [expected, expected.slice(1), []]);
      for (const reader of [...others, beyond]) reader.close();
    });

    it('with a cursor beyond the end of a settled task end without a frame', async (bench) => {
      const { open, readAll, cursorOf, context } = bench;
      await (await open()).settle([chunk(1)], 'completed');
      deepEqual(await readAll(context, { cursor: await cursorOf(99) }), []);
    });

    itReplays('that are slow hold up neither the producer nor the others', async (bench) => {
      const { open, openReader, readAll, context } = bench;
      const log = await open();
      const slow = await openReader(context);
      for (const data of chunks(1, 5_000)) log.append(data);
      await log.settle([chunk(5_000)], 'completed');
      equal((await readAll(context)).length, 5_001);
      equal(slow.isEnded, false);
      equal((await receive(slow)).length, 5_001);
      equal(slow.isEnded, true);
      slow.close();
    });

    it('mark as replay what was there before they had caught up, and nothing after', async (bench) => {
      const { open, openReader, context } = bench;
      const log = await open();
      log.append(chunk(1));
      await log.flushed();
      const reader = await openReader(context);
      ok(!(await receiveMarks(reader, 2)).includes(false));
      expectNone(reader.take());
      log.append(chunk(2));
      const live = await receiveMarks(reader, 1);
      log.append(chunk(3));
      live.push(...(await receiveMarks(reader, 1)));
      ok(!live.includes(true));
      reader.close();
    });

    it('that leave are woken and end, and nobody else notices', async (bench) => {
      const { open, openReader, context } = bench;
      const log = await open();
      const leaving = await openReader(context);
      const staying = await openReader(context);
      await receive(leaving, 1);
      const waiting = leaving.next();
      leaving.close();
      leaving.close();
      equal((await waiting).done, true);
      equal(leaving.isEnded, true);
      await log.settle([chunk(1)], 'completed');
      expectNone(leaving.take());
      equal((await receive(staying)).length, 2);
      staying.close();
    });

    it('of a task that is unknown or somebody else’s get nothing', async (bench) => {
      const { open, openReader, taskId, context, elsewhere } = bench;
      expectNone(await context.read(taskId));
      await open({ owner: 'me' });
      for (const owner of [undefined, '', 'you']) expectNone(await context.read(taskId, { owner }));
      (await openReader(elsewhere, { owner: 'me' })).close();
    });

    it('of a task without an owner need not be anybody', async (bench) => {
      const { open, openReader, taskId, context } = bench;
      await open();
      expectNone(await context.read(taskId, { owner: 'me' }));
      (await openReader(context)).close();
    });
  });
}
