import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { UIMessage } from 'ai';
import { createRedisStreamContext } from 'ai-task-stream/redis';
import { resumeTask, streamTask } from 'ai-task-stream/server';
import { expect, it } from 'vitest';
import claimScript from '../../src/server/redis/scripts/claim-outcome.lua';
import { until } from '../helpers/async';
import { connectAdmin } from '../helpers/redis-admin';
import { startFaultProxy } from '../helpers/redis-proxy';
import { completed, setUpSaving } from '../helpers/saving';
import type { Saved } from '../helpers/task-server';
import { createId } from '../helpers/tasks';

const saving = setUpSaving();
const { url, keyPrefix, heartbeatMs, text, begin, spawnServer, isUnsaved, recover } = saving;

// R-SAVE-1, R-SAVE-2
it('saves elsewhere what a process had not saved when it was killed within onSettle', async () => {
  const producer = await spawnServer();
  const { taskId, chatId, started } = await begin(producer, { saving: 'obey' });
  const waiting = saving.first.follow({ taskId, heartbeatMs, saving: 'at-once' });
  started.tell('finish');
  expect(await started.when('saving')).toMatchObject({ isStored: true, isRecovered: false });
  expect(await isUnsaved(taskId)).toBe(true);
  // That process lives, so that nobody else saves, however long it takes.
  await sleep(3 * heartbeatMs);
  expect(waiting.has('saving')).toBe(false);
  expect(await saving.context.activeTask(chatId)).toBe(taskId);

  await producer.kill();
  expect(await waiting.when<Saved>('saving')).toMatchObject(completed(taskId, chatId));
  await waiting.when('delivered');
  expect(await isUnsaved(taskId)).toBe(false);
  expect(await saving.context.activeTask(chatId)).toBeUndefined();
  expect(await recover(taskId)).toEqual([]);
});

// R-SAVE-1
it('saves elsewhere what was stored as settled by a process that was killed before it knew', async () => {
  const proxy = await startFaultProxy(url);
  const producer = await spawnServer(proxy.url);
  const { taskId, chatId, started } = await begin(producer);
  const settling = proxy.hold((command) => command.includes('completed'));
  started.tell('finish');
  await settling.answered;
  await producer.kill();
  expect(started.has('saving')).toBe(false);
  expect(await saving.context.activeTask(chatId)).toBe(taskId);
  const following = saving.second.follow({ chatId, heartbeatMs, saving: 'at-once' });
  expect(await following.when<Saved>('saving')).toMatchObject(completed(taskId, chatId));
  await following.when('delivered');
  expect(await saving.context.activeTask(chatId)).toBeUndefined();
  await proxy.close();
});

// R-SAVE-3
it('saves once at a time, and again when a process that recovers is killed within onSettle', async () => {
  const [producer, recovering] = await Promise.all([spawnServer(), spawnServer()]);
  const { taskId, chatId, started } = await begin(producer, { saving: 'obey' });
  started.tell('finish');
  await started.when('saving');
  await producer.kill();
  const killed = recovering.follow({ taskId, heartbeatMs, saving: 'obey' });
  expect(await killed.when<Saved>('saving')).toMatchObject(completed(taskId, chatId));

  const others = [saving.first, saving.second].map((server) =>
    server.follow({ taskId, heartbeatMs, saving: 'obey' }),
  );
  await Promise.all(others.map((other) => other.when('ended')));
  await sleep(3 * heartbeatMs);
  expect(others.map((other) => other.has('saving'))).toEqual([false, false]);

  await recovering.kill();
  const saver = await Promise.race(
    others.map(async (other) => {
      expect(await other.when<Saved>('saving')).toMatchObject(completed(taskId, chatId));
      return other;
    }),
  );
  await sleep(3 * heartbeatMs);
  expect(others.filter((other) => other.has('saving'))).toEqual([saver]);
  saver.tell('saved');
  await Promise.all(others.map((other) => other.when('delivered')));
  expect(others.filter((other) => other.has('saving'))).toEqual([saver]);
  expect(await isUnsaved(taskId)).toBe(false);
});

// R-SAVE-3
it('tells nobody in a process that stood still until another one had saved', async () => {
  const proxy = await startFaultProxy(url);
  const admin = await connectAdmin(url);
  const slow = createRedisStreamContext({ url: proxy.url, keyPrefix });
  const { taskId, started } = await begin(saving.first, { saving: 'obey' });
  started.tell('finish');
  await started.when('saving');
  started.tell('fail');
  await started.when('released');
  // From now on Redis knows the script.
  await saving.context.claimOutcome?.(createId());
  const hash = createHash('sha1').update(claimScript).digest('hex');
  const claiming = proxy.hold((command) => command.includes(hash));
  const told: unknown[] = [];
  let delivering: Promise<unknown> | undefined;
  const response = await resumeTask({
    ...{ taskId, streamContext: slow },
    onSettle: (event) => void told.push(event),
    waitUntil(promise) {
      delivering = promise;
    },
  }).toResponse();
  await response.body?.cancel();
  await claiming.answered;
  // As if its lease had lapsed.
  await admin.send('DEL', `${keyPrefix}:{${taskId}}:l`);
  expect(await recover(taskId)).toHaveLength(1);
  claiming.release();
  await delivering;
  expect(told).toEqual([]);
  await slow.close();
  admin.close();
  await proxy.close();
});

// R-SAVE-2
it('gives an outcome to the next who comes for as long as onSettle fails', async () => {
  const { taskId, chatId, started } = await begin(saving.first, { saving: 'obey' });
  started.tell('finish');
  await started.when('saving');
  started.tell('fail');
  expect(await started.when('problem')).toBe('Error: It is not saved.');
  await started.when('released');
  expect(await isUnsaved(taskId)).toBe(true);

  // A page that knows the chat finds what has yet to be saved.
  const failing = saving.second.follow({ chatId, heartbeatMs, saving: 'obey' });
  expect(await failing.when<Saved>('saving')).toMatchObject(completed(taskId, chatId));
  failing.tell('fail');
  await failing.when('delivered');
  expect(failing.has('problem')).toBe(true);

  expect(await recover(taskId)).toMatchObject([completed(taskId, chatId)]);
  expect(await isUnsaved(taskId)).toBe(false);
  expect(await saving.context.activeTask(chatId)).toBeUndefined();
  expect(await recover(taskId)).toEqual([]);
});

// R-SAVE-2
it('recovers a message that was continued exactly as its process would have saved it', async () => {
  const producer = await spawnServer();
  const continued: UIMessage = {
    id: 'continued',
    role: 'assistant',
    metadata: { model: 'small' },
    parts: [
      { type: 'step-start' },
      { type: 'text', text: 'Before', state: 'done' },
      {
        type: 'file',
        mediaType: 'text/plain',
        filename: 'notes.txt',
        url: 'data:text/plain;base64,SGk=',
      },
      {
        type: 'dynamic-tool',
        toolName: 'delete',
        toolCallId: 'call',
        state: 'approval-responded',
        input: { path: '/tmp/x' },
        approval: { id: 'approval', approved: true, reason: 'Yes.' },
      },
    ],
  };
  const { taskId, started } = await begin(producer, { saving: 'obey', continued });
  started.tell('finish');
  const own = await started.when<Saved>('saving');
  expect(own.message?.parts).toEqual(
    expect.arrayContaining([...continued.parts.slice(0, 3), expect.objectContaining(text)]),
  );
  await producer.kill();
  const [recovered, ...more] = await recover(taskId);
  expect(recovered).toMatchObject({ status: 'completed', isRecovered: true });
  expect(JSON.parse(JSON.stringify(recovered?.message))).toEqual(own.message);
  expect(more).toEqual([]);
});

// R-SAVE-2
it('gives no fragment for a message whose log has a gap, but says so and tells the outcome', async () => {
  const small = createRedisStreamContext({ url, keyPrefix, maxLogBytes: 2_000 });
  const taskId = createId();
  const task = streamTask({
    ...{ taskId, chatId: createId(), streamContext: small, onError: () => {} },
    onSettle: () => Promise.reject(new Error('It is not saved.')),
    execute({ writer }) {
      writer.write({ type: 'text-start', id: 't' });
      for (let n = 0; n < 100; n++) {
        writer.write({ type: 'text-delta', id: 't', delta: 'some words of a long answer ' });
      }
    },
  });
  await task.consume();
  await until(() => isUnsaved(taskId));
  const errors: unknown[] = [];
  const [recovered] = await recover(taskId, (error) => errors.push(error));
  expect(recovered).toMatchObject({ status: 'completed', isRecovered: true });
  expect(recovered).not.toHaveProperty('message');
  expect(errors).toMatchObject([{ code: 'message-unavailable' }]);
  expect(await isUnsaved(taskId)).toBe(false);
  await small.close();
});
