import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { until } from './async';

/** Stops a process as a stopped machine would; resolves when it does nothing any more. */
export async function pauseProcess(pid: number): Promise<void> {
  process.kill(pid, 'SIGSTOP');
  // A process on another core may run on for a moment. Without /proc there is no way to tell.
  if (existsSync('/proc/self/stat')) await until(async () => (await stateOf(pid)) === 'T');
}

/** One letter, as in proc(5), which follows the command in parentheses. */
async function stateOf(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  return stat[stat.lastIndexOf(')') + 2];
}
