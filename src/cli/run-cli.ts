import { text } from 'node:stream/consumers';
import { version } from '../../package.json';
import type { CliOptions } from './cli-options';
import { exitCodes } from './exit-codes';
import { type FollowCommand, parseArguments } from './parse-arguments';
import { runFollow } from './run-follow';
import { usage } from './usage';
import { UsageError } from './usage-error';

/** Runs the program; resolves with its exit code. */
export async function runCli(options: CliOptions): Promise<number> {
  const { stdin, stdout, stderr } = options;
  try {
    const command = parseArguments(options.arguments);
    if (command.name === 'follow') {
      const input = await readInput(command, stdin);
      return await runFollow({ ...command, input }, options);
    }
    stdout.write(command.name === 'help' ? usage : `${version}\n`);
    return exitCodes.completed;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    stderr.write(`${error.message}\nSee ai-task-stream --help.\n`);
    return exitCodes.usage;
  }
}

/** Reads the input, and checks that it is JSON. */
async function readInput(
  { input: given }: FollowCommand,
  stdin: NodeJS.ReadStream,
): Promise<string | undefined> {
  const input = given === '-' ? await text(stdin) : given;
  if (input === undefined) return undefined;
  try {
    return JSON.stringify(JSON.parse(input));
  } catch {
    throw new UsageError(`The input must be JSON, such as '{"topic":"tides"}'.`);
  }
}
