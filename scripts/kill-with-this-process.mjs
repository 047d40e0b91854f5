// @ts-check
import { spawn } from 'node:child_process';

/**
 * Sees to it that a process is killed, and its folder removed, when this one ends, however that
 * comes about: by SIGKILL, too. `release` once it is over.
 *
 * @param {number} pid
 * @param {{ directory?: string }} [options]
 * @returns {{ release(): void }}
 */
export function killWithThisProcess(pid, { directory = '' } = {}) {
  // A shell waits for a line, which releases it, or for the end of its input, which comes with ours.
  const script = 'read -r _ || { kill -9 "$1"; [ -z "$2" ] || rm -rf "$2"; }';
  const guard = spawn('sh', ['-c', script, 'sh', String(pid), directory], {
    stdio: ['pipe', 'ignore', 'ignore'],
    // Ctrl+C goes to all of a terminal's group, and must not stop the guard before its work.
    detached: true,
  });
  guard.unref();
  /** @type {import('node:net').Socket} */ (guard.stdin).unref();
  guard.stdin.on('error', () => {
    // It was killed from outside: there is nothing left to release.
  });
  return { release: () => void guard.stdin.end('\n') };
}
