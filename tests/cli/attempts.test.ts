import { afterEach, expect, it } from 'vitest';
import { attemptsLog, bytesOf } from '../helpers/attempts';
import { frame, log, settle, snapshot, taskId } from '../helpers/recording';
import { startWireServer, type WireServer } from '../helpers/wire-server';
import { buildCli, runCli } from './cli-process';

buildCli();

let server: WireServer | undefined;

afterEach(() => server?.close());

// R-CLIENT-12
it('tells of the next attempt, and prints what it makes in place of what is void', async () => {
  const log = attemptsLog([9, 24]);
  const cuts = [...log.losses];
  server = await startWireServer((response, { headers }) => {
    const cursor = headers['last-event-id'] as string | undefined;
    response.writeHead(200, { 'content-type': 'text/event-stream', 'x-task-id': taskId });
    const there = cuts.shift();
    const from = log.frames.findIndex((frame) => frame.cursor === cursor) + 1;
    if (there === undefined) response.end(bytesOf(log.after(cursor), true));
    else response.end(bytesOf(log.frames.slice(from, there), false));
  });
  const { code, stdout, stderr } = await runCli(['follow', `${server.api}?taskId=${taskId}`]);
  expect(stdout).toBe('One (void) two (void)\n\nOne two\n\nThree\ndone\n');
  const [first, second] = stderr.split('\n').filter((line) => line.startsWith('Attempt'));
  expect(first).toBe(
    'Attempt 2 goes on from the beginning; what follows replaces what came since.',
  );
  expect(second).toBe(
    'Attempt 3 goes on from the last checkpoint; what follows replaces what came since.',
  );
  for (const line of ['Half', 'Nearly']) expect(stderr.split(line)).toHaveLength(2);
  expect(stderr.split('Following')).toHaveLength(2);
  expect(code).toBe(0);
});

// R-BEAT-3
it('says that a task waits for a process, also before its first attempt', async () => {
  const data = { taskId, at: 1, intervalMs: 60_000, waiting: true };
  const beat = { type: 'data-task-heartbeat', data, transient: true };
  const rewound = { taskId, attempt: 1, checkpoint: -1, logs: 0, partials: 0 };
  const rewind = { type: 'data-task-rewind', data: rewound, transient: true };
  const opening = [{ type: 'start' }, snapshot({ status: 'pending' })];
  const rest = [rewind, snapshot(), log(0, 'Begun'), settle(), { type: 'finish' }];
  server = await startWireServer((response, _, index) => {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'x-task-id': taskId });
    const frames = (index === 0 ? opening : rest).map((chunk, n) => frame(2 * index + n, chunk));
    const end = index === 0 ? `data: ${JSON.stringify(beat)}\n\n` : 'data: [DONE]\n\n';
    response.end(frames.join('') + end);
  });
  const { code, stderr } = await runCli(['follow', `${server.api}?taskId=${taskId}`]);
  expect(stderr).toMatch(/^Waiting for a server to go on\.\n/);
  expect(stderr).toContain('Begun');
  expect(stderr).not.toContain('Attempt');
  expect(code).toBe(0);
});
