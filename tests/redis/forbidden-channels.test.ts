import { setTimeout as sleep } from 'node:timers/promises';
import { streamTask, type TaskStreamContext } from 'ai-task-stream/server';
import { expect, it } from 'vitest';
import { aborted, createDeferred, until } from '../helpers/async';
import { setUpOwnServers } from '../helpers/own-redis';
import { withEachClient } from '../helpers/redis-contexts';
import { readWrites, storedChunksIn, typesIn } from '../helpers/sse';
import { createId, follow } from '../helpers/tasks';

const { instances, startWithAdmin } = setUpOwnServers();

const countHeartbeats = (text: string) => text.split('"data-task-heartbeat"').length - 1;

/** Follows a task line by line. */
async function followLines(context: TaskStreamContext, taskId: string) {
  const reader = readWrites(await follow(context, taskId));
  let seen = '';
  return {
    /** Resolves with how many heartbeats came between what was read before and a line. */
    async heartbeatsBefore(line: number) {
      const before = seen.length;
      seen = await reader.until(`"line ${line}"`);
      return countHeartbeats(seen.slice(before, seen.indexOf(`"line ${line}"`)));
    },
    rest: reader.rest,
  };
}

/** A task that writes a line whenever it is told, until it is told to end. */
function startLines(streamContext: TaskStreamContext, heartbeatMs: number) {
  const taskId = createId();
  const isOver = createDeferred();
  let write: (n: number) => void = () => {};
  const task = streamTask({
    streamContext,
    taskId,
    heartbeatMs,
    execute: async ({ task: reporter, signal }) => {
      write = (n) => reporter.log(`line ${n}`);
      await Promise.race([isOver.promise, aborted(signal)]);
    },
  });
  return {
    taskId,
    task,
    end: () => isOver.resolve(),
    write: (n: number) => write(n),
  };
}

// R-WAKE-1
it('keeps readers elsewhere at most a heartbeat behind where channels are forbidden', () =>
  withEachClient(async (kind) => {
    const heartbeatMs = 1_000;
    const { url: rootUrl, admin } = await startWithAdmin();
    await admin.send('ACL', 'SETUSER', 'mute', 'on', '>secret', '~*', '+@all', 'resetchannels');
    const url = rootUrl.replace('//', '//mute:secret@');
    const home = instances.open({ url, kind });
    const elsewhere = instances.open({ url, kind, keyPrefix: home.keyPrefix });
    const { taskId, task, write, end } = startLines(home.context, heartbeatMs);
    const response = await task.toResponse();
    const reader = await followLines(elsewhere.context, taskId);
    for (let n = 0; n < 3; n++) {
      write(n);
      expect(await reader.heartbeatsBefore(n)).toBeLessThanOrEqual(2);
      await sleep(100 * n);
    }
    end();
    const text = await response.text();
    expect(storedChunksIn(await reader.rest())).toEqual(storedChunksIn(text));
    for (const { errors } of [home, elsewhere]) {
      expect(errors.map(({ message }) => message)).toEqual([expect.stringMatching(/NOPERM/)]);
    }
    // A cancel comes with the answer of the next commit.
    const stopped = startLines(home.context, heartbeatMs);
    const stopping = (await stopped.task.toResponse()).text();
    expect(await elsewhere.context.cancel(stopped.taskId)).toBe(true);
    await stopped.task.result.catch(() => {});
    stopped.end();
    const stoppingText = await stopping;
    expect(typesIn(stoppingText).at(-1)).toBe('abort');
    // The first comes with the first frames.
    expect(countHeartbeats(stoppingText)).toBeLessThanOrEqual(1 + 2);
  }));

// R-WAKE-1
it('goes on by looking when it may not subscribe again, and wakes up again once it may', () =>
  withEachClient(async (kind) => {
    const { url: rootUrl, admin } = await startWithAdmin();
    await admin.send('ACL', 'SETUSER', 'ours', 'on', '>secret', '~*', '+@all', 'allchannels');
    const url = rootUrl.replace('//', '//ours:secret@');
    const home = instances.open({ url, kind });
    const elsewhere = instances.open({ url, kind, keyPrefix: home.keyPrefix });
    // One never looks by itself, one does so often.
    const slow = startLines(home.context, 3_600_000);
    const quick = startLines(home.context, 500);
    const responses = await Promise.all([slow, quick].map(({ task }) => task.toResponse()));
    const [slowReader, quickReader] = await Promise.all(
      [slow, quick].map(({ taskId }) => followLines(elsewhere.context, taskId)),
    );
    const channel = `${home.keyPrefix}:{${slow.taskId}}:w`;
    const listenerCount = async () =>
      Number(((await admin.send('PUBSUB', 'NUMSUB', channel)) as unknown[])[1]);
    await until(async () => (await listenerCount()) === 1);
    slow.write(1);
    await slowReader?.heartbeatsBefore(1);

    await admin.send('ACL', 'SETUSER', 'ours', 'resetchannels');
    await admin.send('CLIENT', 'KILL', 'TYPE', 'pubsub');
    await until(() => [home, elsewhere].every(({ errors }) => errors.length > 0));
    expect(await listenerCount()).toBe(0);
    for (let n = 0; n < 3; n++) {
      quick.write(n);
      expect(await quickReader?.heartbeatsBefore(n)).toBeLessThanOrEqual(2);
    }

    await admin.send('ACL', 'SETUSER', 'ours', 'allchannels');
    await until(async () => (await listenerCount()) === 1);
    slow.write(2);
    await slowReader?.heartbeatsBefore(2);
    slow.end();
    quick.end();
    for (const [index, reader] of [slowReader, quickReader].entries()) {
      const text = await responses[index]?.text();
      expect(storedChunksIn((await reader?.rest()) ?? '')).toEqual(storedChunksIn(text ?? ''));
    }
    for (const { errors } of [home, elsewhere]) {
      expect(errors.map(({ message }) => message)).toEqual([expect.stringMatching(/NOPERM/)]);
    }
  }));
