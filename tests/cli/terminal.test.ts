import { expect, it } from 'vitest';
import { createDeferred } from '../helpers/async';
import { buildCli, script, spawnCli } from './cli-process';
import { startTaskHost } from './task-host';

buildCli();

/** Runs the program in a terminal of its own, by util-linux' `script`; all comes on one stream. */
function spawnInTerminal(url: string, environment: Record<string, string | undefined> = {}) {
  const line = `stty cols 100; exec "${process.execPath}" "${script()}" follow '${url}'`;
  return spawnCli({ command: ['script', '-qec', line, '/dev/null'], args: [], environment });
}

/** A task that tries to take over the terminal, and waits for the test. */
function createEvilTask() {
  const gate = createDeferred();
  return {
    gate,
    steps: { 'steal\x1b[2J': 1 },
    execute: async ({
      task,
      writer,
    }: Parameters<Parameters<typeof startTaskHost>[0]['execute']>[0]) =>
      task.step('steal\x1b[2J', async (step) => {
        task.log('log \x1b]0;title\x07');
        writer.write({ type: 'text-start', id: 'text' });
        writer.write({ type: 'text-delta', id: 'text', delta: 'First line.\nSecond \x9b5m' });
        step.progress({ value: 1, total: 2, message: 'half\rway \x1b[31m' });
        await gate.promise;
        return 'result \x1b[5m';
      }),
  };
}

it('draws steps and a bar in a terminal, and takes them down in the end', async () => {
  const task = createEvilTask();
  const host = await startTaskHost(task);
  await host.start();
  const cli = spawnInTerminal(host.task.url);
  await cli.printed('stdout', 'title\\x07\r\n');
  const during = await cli.printed('stdout', 'half way');
  expect(during).toContain('█'.repeat(12));
  expect(during).toContain('50 %, steal\\x1b[2J, half way \\x1b[31m');
  expect(during).toContain('log \\x1b]0;title\\x07\r\n');
  expect(during).toContain('First line.\r\n');
  task.gate.resolve();
  const { code, stdout } = await cli.ended;
  // Cleared, then only what stays.
  const [, after = ''] = stdout.split('\x1b[0J').slice(-2);
  expect(after.replace(/[\d.]+ s/, '0.1 s')).toBe(
    'Second \\x9b5m\r\nresult \\x1b[5m\r\nCompleted in 0.1 s.\r\n',
  );
  for (const raw of ['\x1b[2J', '\x1b]0;', '\x07', '\x9b', '\x1b[31m', '\x1b[5m']) {
    expect(stdout).not.toContain(raw);
  }
  expect(code).toBe(0);
});

it.each([{ NO_COLOR: '1' }, { TERM: 'dumb' }])(
  'prints plain lines in a terminal with %o',
  async (environment) => {
    const task = createEvilTask();
    const host = await startTaskHost(task);
    await host.start();
    task.gate.resolve();
    const { code, stdout } = await spawnInTerminal(host.task.url, environment).ended;
    expect(stdout).toContain('Following report, task ');
    expect(stdout).toContain('First line.\r\n');
    for (const raw of ['\x1b', '\x07', '\x9b', '█']) expect(stdout).not.toContain(raw);
    expect(code).toBe(0);
  },
);
