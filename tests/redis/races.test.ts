import { randomUUID } from 'node:crypto';
import type { TaskSettlement } from 'ai-task-stream';
import { expect, it } from 'vitest';
import { sharedRedisUrl } from '../helpers/redis-server';
import { typesIn, withoutHeartbeats } from '../helpers/sse';
import { spawnTaskServer } from '../helpers/task-server';
import { createId } from '../helpers/tasks';

interface Raced {
  executed: string[];
  runs: { taskId: string; status: number; text: string; settlement: TaskSettlement }[];
}

it('lets one of two processes run a task that both begin at the same moment', async () => {
  const options = { url: sharedRedisUrl(), keyPrefix: `races-${randomUUID()}` };
  const servers = await Promise.all([spawnTaskServer(options), spawnTaskServer(options)]);
  // Their first calls wait for connections.
  const warmUp = { taskIds: [createId()], spacingMs: 0, startAt: 0 };
  await Promise.all(servers.map((server) => server.race(warmUp).when('raced')));

  const taskIds = Array.from({ length: 200 }, createId);
  const race = { taskIds, startAt: Date.now() + 100, spacingMs: 5 };
  const [left, right] = await Promise.all(
    servers.map((server) => server.race(race).when<Raced>('raced')),
  );
  if (!left || !right) throw new Error('A server did not take part.');
  expect([...left.executed, ...right.executed].sort()).toEqual([...taskIds].sort());
  for (const [index, taskId] of taskIds.entries()) {
    const [one, other] = [left.runs[index], right.runs[index]];
    const winner = left.executed.includes(taskId) ? servers[0] : servers[1];
    expect(one).toMatchObject({ taskId, status: 200 });
    // Nothing in these logs is of a kind that a replay compacts.
    expect(withoutHeartbeats(one?.text ?? '')).toBe(withoutHeartbeats(other?.text ?? 'none'));
    expect(typesIn(one?.text ?? '')).toEqual([
      'start',
      'data-task',
      'data-task-log',
      'data-task-partial',
      'data-task',
      'data-task-settle',
      'finish',
    ]);
    for (const run of [one, other]) {
      expect(run?.settlement).toMatchObject({ status: 'completed', result: winner.pid });
    }
  }
  await Promise.all(servers.map((server) => server.kill()));
});
