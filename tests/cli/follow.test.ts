import { TaskError } from 'ai-task-stream';
import { describe, expect, it } from 'vitest';
import { aborted, createDeferred, turns } from '../helpers/async';
import { withServer } from '../helpers/http-server';
import { buildCli, runCli, script, spawnCli } from './cli-process';
import { startTaskHost } from './task-host';

buildCli();

/** Two texts with a pause between them, which the test ends. */
function createTale() {
  const gate = createDeferred();
  return {
    gate,
    execute: async ({ writer }: { writer: { write(chunk: TextChunk): unknown } }) => {
      writer.write({ type: 'text-start', id: 'text' });
      writer.write({ type: 'text-delta', id: 'text', delta: 'The tide ' });
      await gate.promise;
      writer.write({ type: 'text-delta', id: 'text', delta: 'turns.' });
      writer.write({ type: 'text-end', id: 'text' });
      return { words: 3 };
    },
  };
}

type TextChunk =
  | { type: 'text-start' | 'text-end'; id: string }
  | { type: 'text-delta'; id: string; delta: string };

describe('a followed task', () => {
  it('is started with an input, prints text and result, and tells its progress besides', async () => {
    const host = await startTaskHost({
      steps: { read: 1, write: 3 },
      execute: async ({ input, task, writer }) => {
        await task.step('read', () => task.log(`About ${JSON.stringify(input)}`));
        task.log({ level: 'warning', message: 'Thin ice.' });
        writer.write({ type: 'text-start', id: 'a' });
        writer.write({ type: 'text-delta', id: 'a', delta: 'One.' });
        writer.write({ type: 'text-end', id: 'a' });
        writer.write({ type: 'text-start', id: 'b' });
        writer.write({ type: 'text-delta', id: 'b', delta: 'Two.' });
        return { words: 2 };
      },
    });
    const { code, stdout, stderr } = await runCli(['follow', host.api, '--input', '"tides"']);
    expect(stdout).toBe('One.\n\nTwo.\n{\n  "words": 2\n}\n');
    expect(stderr).toMatch(/^Following report, task [0-9a-f]{32}\.\n/);
    expect(stderr).toContain('Step read: completed.\n');
    expect(stderr).toContain('About "tides"\nwarning: Thin ice.\n');
    expect(stderr).toMatch(/Completed in [\d.]+ s\.\n$/);
    expect(stderr).not.toContain('\x1b');
    expect(code).toBe(0);
  });

  it('takes its input from standard input, sends headers, and prints a text result as it is', async () => {
    const host = await startTaskHost(
      { execute: ({ input }) => `Got ${JSON.stringify(input)}` },
      { authorize: ({ request }) => request.headers.get('authorization') === 'Bearer a: b' },
    );
    const args = ['follow', host.api, '--input', '-', '-q'];
    const header = ['--header', 'Authorization: Bearer a: b', '-H', 'x-other:1'];
    const allowed = await runCli([...args, ...header], { input: '{"n": 1}' });
    expect(allowed).toEqual({ code: 0, stdout: 'Got {"n":1}\n', stderr: '' });
    expect(host.requests[0]?.headers['x-other']).toBe('1');
    const refused = await runCli(args, { input: '{}' });
    expect(refused).toMatchObject({ code: 3, stdout: '' });
    expect(refused.stderr).toContain('No outcome seen (forbidden): ');
  });

  it('goes on where it was when the connection is cut', async () => {
    const tale = createTale();
    const host = await startTaskHost(tale);
    await host.start();
    const cli = spawnCli({ args: ['follow', host.task.url] });
    await cli.printed('stdout', 'The tide ');
    host.cut();
    await cli.printed('stderr', 'Connected again.');
    tale.gate.resolve();
    const { code, stdout, stderr } = await cli.ended;
    expect(stdout).toBe('The tide turns.\n{\n  "words": 3\n}\n');
    expect(stderr).toContain('Connection lost, trying again.\nConnected again.\n');
    expect(code).toBe(0);
    const [first, second] = host.requests.slice(1).map(({ headers }) => headers['last-event-id']);
    expect(first).toBe(undefined);
    expect(second).toMatch(/^[1-9]\d*-\d+$/);
  });

  it('prints every chunk and then the outcome as JSON, and nothing else', async () => {
    const host = await startTaskHost({
      execute: ({ task }) => {
        task.partial({ row: 1 });
        return 'done \u009b31m\x7f';
      },
    });
    await host.start();
    const { code, stdout, stderr } = await runCli(['follow', host.task.url, '--json']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const lines = stdout.trimEnd().split('\n');
    const values: Record<string, unknown>[] = lines.map((line) => JSON.parse(line));
    const { type: _, ...end } = values.at(-1) ?? {};
    expect(values[0]).toMatchObject({ type: 'start' });
    expect(values).toContainEqual(expect.objectContaining({ type: 'data-task-partial' }));
    expect(values.at(-2)).toMatchObject({ type: 'finish' });
    expect(values.at(-1)).not.toHaveProperty('type');
    expect(end).toMatchObject({ status: 'completed', result: 'done \u009b31m\x7f' });
    expect(stdout).toMatch(/^[\x20-\x7e\n]*$/);
  });

  it('prints partial results when asked to, and else counts them', async () => {
    const host = await startTaskHost({
      execute: ({ task }) => {
        task.partial({ row: 1 });
        task.partial({ row: 2 });
        task.progress({ value: 1, total: 2 });
        return null;
      },
    });
    await host.start();
    const shown = await runCli(['follow', host.task.url, '--partials', '-q']);
    expect(shown).toEqual({ code: 0, stdout: '{"row":1}\n{"row":2}\nnull\n', stderr: '' });
    const counted = await runCli(['follow', host.task.url]);
    expect(counted.stdout).toBe('null\n');
    expect(counted.stderr).toMatch(/Completed in [\d.]+ s, 2 partial results\.\n$/);
  });
});

describe('the exit code', () => {
  it('is 1 for a task that failed, which tells why', async () => {
    const host = await startTaskHost({
      execute: () => {
        throw new TaskError({
          code: 'empty-file',
          message: 'No\nrows. \x1b[2J',
          details: { at: '\x1b' },
        });
      },
    });
    const { code, stdout, stderr } = await runCli(['follow', host.api, '--input', 'null']);
    expect(stderr).toContain('Failed (empty-file): No rows. \\x1b[2J\n{"at":"\\u001b"}\n');
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  });

  it('is 2 for a task that was cancelled, here by --cancel', async () => {
    const host = await startTaskHost({ execute: ({ signal }) => aborted(signal) });
    await host.start();
    const args = ['follow', host.task.url, '--cancel', '--reason', 'No longer wanted'];
    const { code, stderr } = await runCli(args);
    expect(stderr).toContain('Cancelled (cancelled): No longer wanted\n');
    expect(code).toBe(2);
  });

  it('is that of the outcome when a task that is over is cancelled', async () => {
    const host = await startTaskHost({ execute: () => 'done' });
    await host.start();
    await runCli(['follow', host.task.url]);
    const { code, stdout } = await runCli(['follow', host.task.url, '--cancel']);
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'done\n' });
  });

  it('is 3 when a request to cancel is refused', async () => {
    const host = await startTaskHost(
      { execute: ({ signal }) => aborted(signal) },
      { authorize: ({ action }) => action !== 'cancel' },
    );
    await host.start();
    const { code, stderr } = await runCli(['follow', host.task.url, '--cancel']);
    expect(stderr).toContain('No outcome seen (refused): ');
    expect(code).toBe(3);
  });

  it('is 3 for a task that nobody knows, and for a server that does not answer', async () => {
    const host = await startTaskHost({ execute: () => 1 });
    const unknown = await runCli(['follow', host.api, '--task-id', host.task.id, '--json']);
    expect(unknown).toMatchObject({ code: 3, stderr: '' });
    expect(JSON.parse(unknown.stdout)).toMatchObject({
      status: 'unsettled',
      taskId: host.task.id,
      error: { code: 'not-found' },
    });
    const away = host.task.url.replace(/:\d+/, ':1');
    const gaveUp = await runCli(['follow', away, '--max-attempts', '0', '-q']);
    expect(gaveUp.stderr).toContain('No outcome seen (gave-up): ');
    expect(gaveUp.stderr).toContain(`Come back: npx ai-task-stream follow '${away}' --quiet\n`);
    expect(gaveUp.code).toBe(3);

    const { origin } = new URL(away);
    const start = ['follow', origin, '--max-attempts', '0', '--input', '1'];
    const unreached = await runCli(start);
    expect(unreached.stderr).toContain('No outcome seen (gave-up): ');
    expect(unreached.stderr).not.toContain('Come back');
    expect(unreached.code).toBe(3);
  });

  it('says how to come back to a start of which the answer was lost', async () => {
    const stderr = await withServer(
      (request) => request.socket.destroy(),
      async (origin) => {
        const options = ['--max-attempts', '0', '--input', '1'];
        return (await runCli(['follow', `${origin}/task`, ...options])).stderr;
      },
    );
    expect(stderr).toMatch(/Come back: npx ai-task-stream follow '.*\?taskId=/);
  });

  it('is 64 for a wrong command line, which is explained', async () => {
    const { code, stdout, stderr } = await runCli(['follow', 'example.com']);
    expect(stderr).toBe(
      'The address must begin with http:// or https://.\nSee ai-task-stream --help.\n',
    );
    expect({ code, stdout }).toEqual({ code: 64, stdout: '' });
    const noJson = await runCli(['follow', 'http://localhost/', '--input', '-'], { input: '{' });
    expect(noJson).toMatchObject({ code: 64, stderr: expect.stringContaining('must be JSON') });
  });

  it('is 130 after Ctrl+C, which leaves the task and says how to come back', async () => {
    const tale = createTale();
    const host = await startTaskHost(tale);
    await host.start();
    const cli = spawnCli({ args: ['follow', host.task.url, '-H', 'x-key: secret'] });
    await cli.printed('stdout', 'The tide ');
    cli.signal('SIGINT');
    const { code, stderr } = await cli.ended;
    expect(code).toBe(130);
    const command = `follow '${host.task.url}' --header 'x-key: …'`;
    expect(stderr).toContain(`Left. The task goes on.\nCome back: npx ai-task-stream ${command}\n`);
    tale.gate.resolve();
    const again = spawnCli({
      command: ['sh', '-c'],
      args: [`"${process.execPath}" "${script()}" ${command.replace('…', 'secret')}`],
    });
    expect(await again.ended).toMatchObject({
      code: 0,
      stdout: 'The tide turns.\n{\n  "words": 3\n}\n',
    });
  });

  it('is 143 after SIGTERM', async () => {
    const host = await startTaskHost(createTale());
    await host.start();
    const cli = spawnCli({ args: ['follow', host.task.url] });
    await cli.printed('stdout', 'The tide ');
    cli.signal('SIGTERM');
    expect((await cli.ended).code).toBe(143);
  });

  it('is 141 when nobody reads the output any more', async () => {
    const host = await startTaskHost({
      execute: async ({ signal, writer }) => {
        writer.write({ type: 'text-start', id: 'text' });
        while (!signal.aborted) {
          writer.write({ type: 'text-delta', id: 'text', delta: 'And on. ' });
          await turns(50);
        }
      },
    });
    await host.start();
    const cli = spawnCli({ args: ['follow', host.task.url] });
    await cli.printed('stdout', 'And on.');
    await cli.closeOutput();
    expect((await cli.ended).code).toBe(141);
  });

  it('is 0 for --help and --version', async () => {
    const [help, version] = await Promise.all([runCli(['--help']), runCli(['-v'])]);
    expect(help).toMatchObject({ code: 0, stderr: '' });
    expect(help.stdout).toMatch(/^Usage: ai-task-stream follow URL/);
    expect(version).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
  });
});
