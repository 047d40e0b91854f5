import { addQuery } from '../ui/add-query';
import type { FollowCommand } from './parse-arguments';

/** The command that follows the task again. Values of headers may be secret, and are left out. */
export function comeBackCommand(
  { api, headers, json, partials, quiet }: FollowCommand,
  taskId: string,
): string {
  return [
    'npx ai-task-stream follow',
    quote(addQuery(api, { taskId })),
    ...headers.map(([name]) => `--header ${quote(`${name}: …`)}`),
    ...(json ? ['--json'] : []),
    ...(partials ? ['--partials'] : []),
    ...(quiet ? ['--quiet'] : []),
  ].join(' ');
}

/** One word for a POSIX shell. */
function quote(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
