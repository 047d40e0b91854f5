import { spawn } from 'node:child_process';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of package.json. */
export const root = fileURLToPath(new URL('../', import.meta.url));

/** How long a step may take, in milliseconds: more than ten times what it takes. */
const stepLimitMs = 600_000;

/**
 * Runs a command in the project's root with the installed tools on PATH. With `limitMs`, one that
 * takes longer has failed.
 */
export function run(command, args, { quiet = false, env = {}, limitMs } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: root,
      env: {
        ...process.env,
        PATH: `${join(root, 'node_modules', '.bin')}${delimiter}${process.env.PATH}`,
        NEXT_TELEMETRY_DISABLED: '1',
        ...env,
      },
      stdio: quiet ? ['ignore', 'pipe', 'pipe'] : ['ignore', 'inherit', 'inherit'],
    });
    let output = '';
    child.stdout?.on('data', (data) => {
      output += data;
    });
    child.stderr?.on('data', (data) => {
      output += data;
    });
    child.once('error', reject);
    const giveUp = () => {
      child.kill('SIGKILL');
      // What it has started may keep them open.
      for (const pipe of [child.stdout, child.stderr]) pipe?.destroy();
      resolve({ code: 1, output: `${output}\nIt has not ended within ${limitMs / 1_000} s.` });
    };
    const timer = limitMs && setTimeout(giveUp, limitMs);
    child.once('close', (code) => {
      clearTimeout(timer);
      resolve({ code: code ?? 1, output });
    });
  });
}

/** Runs one named step, prints one line for it, and all of its output if it failed. */
export async function step(name, command, args, options = {}) {
  const startedAt = performance.now();
  const { code, output } = await run(command, args, {
    quiet: true,
    limitMs: stepLimitMs,
    ...options,
  });
  const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
  console.log(`${code === 0 ? '✓' : '✗'} ${name}, ${seconds} s`);
  if (code !== 0) console.log(`${output.trimEnd()}\n`);
  return code === 0;
}
