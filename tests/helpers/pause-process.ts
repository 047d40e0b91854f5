import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { until } from './async';

/** Pauses a process as if its machine stood still; resolves when the process does nothing any more. */
export async function pauseProcess(pid: number): Promise<void> {
  process.kill(pid, 'SIGSTOP');
  // A process on another core may run on for a moment. Without /proc there is no way to tell.
  if (existsSync('/proc/self/stat')) await until(async () => (await stateOf(pid)) === 'T');
}

/** The state of a process: the letter after the command in parentheses, as in proc(5). */
async function stateOf(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  return stat[stat.lastIndexOf(')') + 2];
}
