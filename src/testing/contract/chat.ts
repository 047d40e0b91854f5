import { equal } from 'node:assert/strict';
import { createTaskId } from '../../protocol/task-id';
import { aborted } from './bench';
import { expectMembers, expectNone } from './expectations';
import type { ContractSuite } from './suite';

/** A chat has an active task, and a new one supersedes it (R-CONTEXT-6). */
export function describeChat({ describe, it, itIf }: ContractSuite): void {
  const itKnowsChats = itIf('chats across instances', 'replay after the end');

  describe('a chat', () => {
    itKnowsChats(
      'has the running task for its active one, until that is released',
      async (bench) => {
        const { open, readAll, taskId, context, elsewhere } = bench;
        const chatId = createTaskId();
        expectNone(await context.activeTask(chatId));
        const log = await open({ chatId });
        equal(await elsewhere.activeTask(chatId), taskId);
        await log.settle([], 'completed');
        equal(await elsewhere.activeTask(chatId), taskId);
        await log.release();
        await log.release();
        expectNone(await elsewhere.activeTask(chatId));
        equal((await readAll(context)).length, 1);
      },
    );

    itKnowsChats('cancels its running task as superseded when another opens', async (bench) => {
      const { open, elsewhere } = bench;
      const chatId = createTaskId();
      const first = await open({ chatId });
      const second = await open({ taskId: createTaskId(), chatId, context: elsewhere });
      expectMembers(await aborted(first), { cause: { code: 'cancelled', message: 'superseded' } });
      equal(second.signal.aborted, false);
    });

    it('is not cleared by a task that is its active one no more', async ({ open, context }) => {
      const chatId = createTaskId();
      const first = await open({ chatId });
      const secondId = createTaskId();
      const second = await open({ taskId: secondId, chatId });
      await first.settle([], 'cancelled');
      await first.release();
      equal(await context.activeTask(chatId), secondId);
      await second.settle([], 'completed');
      await second.release();
      expectNone(await context.activeTask(chatId));
    });

    it('has several tasks when they are concurrent, the newest being active', async (bench) => {
      const { open, context } = bench;
      const chatId = createTaskId();
      const first = await open({ chatId });
      const secondId = createTaskId();
      const second = await open({ taskId: secondId, chatId, concurrent: true });
      await second.flushed();
      await first.flushed();
      equal(first.signal.aborted, false);
      equal(await context.activeTask(chatId), secondId);
    });

    it('is its owner’s: nobody else sees, shadows or supersedes its tasks', async (bench) => {
      const { open, taskId, context } = bench;
      const chatId = createTaskId();
      const mine = await open({ chatId, owner: 'me' });
      const yoursId = createTaskId();
      const yours = await open({ taskId: yoursId, chatId, owner: 'you' });
      await open({ taskId: createTaskId(), chatId });
      await mine.flushed();
      equal(mine.signal.aborted, false);
      equal(await context.activeTask(chatId, { owner: 'me' }), taskId);
      equal(await context.activeTask(chatId, { owner: 'you' }), yoursId);
      expectNone(await context.activeTask(chatId, { owner: 'them' }));
      equal(yours.signal.aborted, false);
    });

    it('and an owner whose names run together are not mistaken for each other', async (bench) => {
      const { open, context } = bench;
      const chatId = createTaskId();
      await open({ chatId: `${chatId}:b`, owner: 'a' });
      expectNone(await context.activeTask('b', { owner: `a:${chatId}` }));
      expectNone(await context.activeTask(chatId, { owner: 'a:b' }));
    });
  });
}
