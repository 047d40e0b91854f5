import type { CliOptions } from './cli-options';
import { comeBackCommand } from './come-back';
import { exitCodes } from './exit-codes';
import { followCommand } from './follow-command';
import { createJsonOutput } from './follow-output';
import { listenForLeaving } from './listen-for-leaving';
import { createLiveScreen } from './live-screen';
import type { FollowCommand } from './parse-arguments';
import { createPlainScreen } from './plain-screen';
import type { Screen } from './screen';
import { createTextOutput } from './text-output';

type Surroundings = Pick<CliOptions, 'stdout' | 'stderr' | 'environment'>;

/** Follows a task and shows it; resolves with the exit code. */
export async function runFollow(command: FollowCommand, options: Surroundings): Promise<number> {
  const isTerminal = options.stdout.isTTY === true;
  const isQuiet = command.quiet || command.json;
  const screen = createScreen(isQuiet, options);
  const output = command.json
    ? createJsonOutput({ screen })
    : createTextOutput({ screen, isTerminal, isQuiet, showsPartials: command.partials });
  const leaving = listenForLeaving(options.stdout);
  let mayExist = false;
  const end = await followCommand(command, output, leaving.signal, () => {
    mayExist = true;
  });
  leaving.close();
  const isUnsettled = end.status === 'unsettled';
  const leftWith = isUnsettled ? leaving.exitCode : undefined;
  output.onEnd(end);
  if (isUnsettled && mayExist && (leftWith !== undefined || end.error.retryable)) {
    screen.note(`Come back: ${comeBackCommand(command, end.taskId)}`);
  }
  return leftWith ?? exitCodes[end.status];
}

function createScreen(isQuiet: boolean, { stdout, stderr, environment }: Surroundings): Screen {
  // NO_COLOR is of https://no-color.org; a "dumb" terminal can do nothing but print.
  const isPlain = isQuiet || !stderr.isTTY || environment.NO_COLOR || environment.TERM === 'dumb';
  return isPlain
    ? createPlainScreen({ stdout, stderr, isQuiet })
    : createLiveScreen({ stdout, stderr });
}
