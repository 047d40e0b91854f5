import { describe, expect, it } from 'vitest';
import { comeBackCommand } from '../../src/cli/come-back';
import { parseArguments } from '../../src/cli/parse-arguments';

const taskId = 'task-0123456789abcdef';

describe('the command line', () => {
  it('takes the taskId out of the address, and leaves the rest of it', () => {
    const address = `https://example.com/api/report?a=1&taskId=${taskId}&b=2#top`;
    expect(parseArguments(['follow', address])).toMatchObject({
      api: 'https://example.com/api/report?a=1&b=2',
      taskId,
    });
  });

  it.each<[what: string, args: string[], message: string]>([
    ['nothing', [], 'Say what to do.'],
    ['another command', ['watch'], 'There is no command watch.'],
    ['no address', ['follow'], 'Give the address of a task.'],
    ['two addresses', ['follow', 'http://a/', 'http://b/'], 'Give one address only.'],
    ['no scheme', ['follow', 'example.com/api'], 'The address must begin with http://'],
    ['credentials', ['follow', 'http://a:b@c/'], "Pass credentials as --header 'authorization"],
    ['no task', ['follow', 'http://a/'], 'Name the task by ?taskId= or --task-id'],
    ['a bad taskId', ['follow', 'http://a/?taskId=short'], 'A taskId has 16 to 128 characters'],
    ['an unknown option', ['follow', '--fast'], "Unknown option '--fast'"],
    ['--reason alone', ['follow', `http://a/?taskId=${taskId}`, '--reason', 'x'], 'Use --reason'],
    ['--cancel of a new task', ['follow', 'http://a/', '--input', '1', '--cancel'], 'Use --cancel'],
    [
      'no count',
      ['follow', `http://a/?taskId=${taskId}`, '--max-attempts', '-1'],
      "'--max-attempts",
    ],
    [
      'half a count',
      ['follow', `http://a/?taskId=${taskId}`, '--max-attempts=1.5'],
      'whole number',
    ],
    [
      'a time that is none',
      ['follow', `http://a/?taskId=${taskId}`, '--max-elapsed', '5min'],
      '--max-elapsed takes a whole number',
    ],
  ])('explains %s', (_, args, message) => {
    expect(() => parseArguments(args)).toThrow(message);
  });

  it.each(['localhost:3000/api', '127.0.0.1/api', '[::1]:8080/api', 'LOCALHOST/api'])(
    'takes %s for an address of this machine',
    (address) => {
      const command = parseArguments(['follow', address, '--task-id', taskId]);
      expect(command).toMatchObject({ api: new URL(`http://${address}`).href, taskId });
    },
  );

  it('takes nothing else for one', () => {
    for (const address of ['localhost.example.com/api', '127.0.0.11/api', 'localhosts']) {
      expect(() => parseArguments(['follow', address])).toThrow('must begin with http://');
    }
  });

  it('refuses a header without a name or with a line break, and does not repeat its value', () => {
    for (const header of [': secret', 'secret', 'a b: secret', 'a: secret\nb: c']) {
      const args = ['follow', `http://a/?taskId=${taskId}`, '--header', header];
      expect(() => parseArguments(args)).toThrow("A header has the form 'name: value'.");
    }
  });

  it('comes back with an address that the shell takes as one word', () => {
    const command = parseArguments([
      'follow',
      `http://a/?q=it's&taskId=${taskId}`,
      '--json',
      '--partials',
      '--input',
      '1',
    ]);
    if (command.name !== 'follow') throw new Error('It is not understood.');
    expect(comeBackCommand(command, taskId)).toBe(
      `npx ai-task-stream follow 'http://a/?q=it%27s&taskId=${taskId}' --json --partials`,
    );
  });
});
