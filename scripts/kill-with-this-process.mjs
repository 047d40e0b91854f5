// @ts-check
import { spawn } from 'node:child_process';

/**
 * Makes sure that a process is killed, and its folder removed, when this process ends, even if this
 * one is ended by SIGKILL. Call `release` once the other process has ended.
 *
 * @param {number} pid
 * @param {{ directory?: string }} [options]
 * @returns {{ release(): void }}
 */
export function killWithThisProcess(pid, { directory = '' } = {}) {
  // A shell waits for a line, which releases it, or for the end of its input, which comes when this
  // process ends.
  const script = 'read -r _ || { kill -9 "$1"; [ -z "$2" ] || rm -rf "$2"; }';
  const guard = spawn('sh', ['-c', script, 'sh', String(pid), directory], {
    stdio: ['pipe', 'ignore', 'ignore'],
    // Ctrl+C goes to all processes of a terminal, and must not stop the guard before its work.
    detached: true,
  });
  guard.unref();
  /** @type {import('node:net').Socket} */ (guard.stdin).unref();
  guard.stdin.on('error', () => {
    // The guard was killed from outside: there is nothing left to release.
  });
  return { release: () => void guard.stdin.end('\n') };
}
