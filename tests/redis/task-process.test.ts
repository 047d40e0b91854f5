import { afterEach, expect, it } from 'vitest';
import { until } from '../helpers/async';
import { spawnTaskProcess, type TaskProcess } from '../helpers/spawn-task-process';

let child: TaskProcess | undefined;

async function spawnEcho(): Promise<TaskProcess> {
  child = await spawnTaskProcess('echo', { args: ['one', 'two'], env: { GREETING: 'hello' } });
  return child;
}

afterEach(async () => {
  await child?.kill();
  child = undefined;
});

it('runs a script against the source, with arguments and environment', async () => {
  const echo = await spawnEcho();
  expect(await echo.next()).toEqual({ args: ['one', 'two'], greeting: 'hello' });
  await until(() => echo.errorOutput() === 'ready\n');
});

it('takes messages both ways, in order', async () => {
  const echo = await spawnEcho();
  await echo.next();
  for (const n of [1, 2, 3]) echo.send({ n });
  expect([await echo.next(), await echo.next(), await echo.next()]).toEqual([
    { n: 1 },
    { n: 2 },
    { n: 3 },
  ]);
});

it('does nothing while it is paused, and goes on when it is resumed', async () => {
  const echo = await spawnEcho();
  await echo.next();
  await echo.pause();
  echo.send('while paused');
  let hasAnswered = false;
  const answer = echo.next().then((message) => {
    hasAnswered = true;
    return message;
  });
  // Longer than an answer takes; were it shorter, the test would only show less.
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(hasAnswered).toBe(false);
  echo.resume();
  expect(await answer).toBe('while paused');
});

it('can be killed in the middle, and then says so to whoever waits', async () => {
  const echo = await spawnEcho();
  await echo.next();
  const waiting = expect(echo.next()).rejects.toThrow('ended with SIGKILL');
  await echo.kill('SIGKILL');
  await waiting;
  expect(await echo.ended).toBe('SIGKILL');
});

it('can be killed while it is paused', async () => {
  const echo = await spawnEcho();
  await echo.next();
  await echo.pause();
  await echo.kill();
  expect(await echo.ended).toBe('SIGKILL');
});
