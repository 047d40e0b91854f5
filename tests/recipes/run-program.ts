import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { killWithThisProcess } from '../../scripts/kill-with-this-process.mjs';

interface ProgramOptions {
  cwd: string | URL;
  env?: Record<string, string>;
}

/** Runs a program to its end, and resolves with what it has printed. */
export async function run(
  command: string,
  args: readonly string[],
  options: ProgramOptions,
): Promise<string> {
  const { ended, output, printed } = start(command, args, options);
  const code = await ended;
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} failed (${code}):\n${output()}`);
  return printed();
}

/** A server in a process of its own, at one address however often it is started. */
export interface Server {
  start(): Promise<void>;
  /** SIGKILL; resolves once it is gone. Idempotent. */
  kill(): Promise<void>;
  /** What it has printed since it was started last. */
  output(): string;
}

/** Runs a Node program that serves at an address; `start` resolves once it answers there. */
export function createServer(
  args: readonly string[],
  { address, ...options }: ProgramOptions & { address: string },
): Server {
  let program: ReturnType<typeof start> | undefined;
  return {
    output: () => program?.output() ?? '',
    async kill() {
      program?.child.kill('SIGKILL');
      await program?.ended;
    },
    async start() {
      const started = start(process.execPath, args, options);
      program = started;
      let hasEnded = false;
      void started.ended.then(() => {
        hasEnded = true;
      });
      for (;;) {
        // Leaves no connection behind.
        const headers = { connection: 'close' };
        const answer = await fetch(address, { headers }).catch(() => undefined);
        await answer?.text();
        if (answer) return;
        if (hasEnded) throw new Error(`${args.join(' ')} has ended:\n${started.output()}`);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
  };
}

function start(command: string, args: readonly string[], { cwd, env = {} }: ProgramOptions) {
  // Nothing of the developer's own: no key and no address of a model, and no Redis.
  const {
    REDIS_URL: _redisUrl,
    OPENAI_API_KEY: _key,
    OPENAI_BASE_URL: _url,
    // What Vitest sets would build pages for development.
    NODE_ENV: _mode,
    ...rest
  } = process.env;
  const child = spawn(command, args, {
    cwd,
    env: { ...rest, NEXT_TELEMETRY_DISABLED: '1', ...env } as NodeJS.ProcessEnv,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const guard = killWithThisProcess(child.pid ?? 0);
  let output = '';
  let printed = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    printed += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  const ended = once(child, 'close').then(([code, signal]): number | string => {
    guard.release();
    return code ?? signal;
  });
  return { child, ended, output: () => output, printed: () => printed };
}
