import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { inject } from 'vitest';
import { killWithThisProcess } from '../../scripts/kill-with-this-process.mjs';
import { pauseProcess } from './pause-process';

const root = fileURLToPath(new URL('../../', import.meta.url));

declare module 'vitest' {
  interface ProvidedContext {
    /** The scripts of `tests/redis/processes`, bundled, by name. */
    taskPrograms: Record<string, string>;
  }
}

/** Another instance of a server, as it were. It ends with the test process at the latest. */
export interface TaskProcess {
  readonly pid: number;
  /** Sends a message, which the process gets as a `message` event. */
  send(message: unknown): void;
  /** The next message of the process, in order; rejects when none can come any more. */
  next<Message>(): Promise<Message>;
  /** What the process has printed to its standard error so far. */
  errorOutput(): string;
  /** SIGSTOP: the process stands still, its connections stay. */
  pause(): Promise<void>;
  /** SIGCONT */
  resume(): void;
  /** Resolves once the process is gone. Idempotent. */
  kill(signal?: 'SIGKILL' | 'SIGTERM'): Promise<void>;
  /** The exit code of the process, or the signal that ended it. */
  readonly ended: Promise<number | string>;
}

/** Runs `tests/redis/processes/<name>.ts` against the source in a Node process of its own. */
export async function spawnTaskProcess(
  name: string,
  options: ProcessOptions = {},
): Promise<TaskProcess> {
  return spawnProgram(name, inject('taskPrograms')[name]!, options);
}

interface ProcessOptions {
  args?: readonly string[];
  env?: Record<string, string>;
}

/** Runs a script in a Node process of its own. */
export function spawnProgram(
  name: string,
  program: string,
  { args = [], env = {} }: ProcessOptions = {},
): TaskProcess {
  // A program from standard input finds packages from the working directory, and leaves no file.
  const child = spawn(
    process.execPath,
    ['--enable-source-maps', '--input-type=module', '-', ...args],
    { cwd: root, env: { ...process.env, ...env }, stdio: ['pipe', 'inherit', 'pipe', 'ipc'] },
  );
  if (child.pid === undefined) throw new Error(`Node could not be started for ${name}.`);
  const guard = killWithThisProcess(child.pid);

  const received: unknown[] = [];
  let waiting: (() => void)[] = [];
  let errorOutput = '';
  let end: number | string | undefined;
  const wakeUp = () => {
    for (const resolve of waiting) resolve();
    waiting = [];
  };

  child.on('message', (message) => {
    received.push(message);
    wakeUp();
  });
  child.stderr?.setEncoding('utf8').on('data', (data: string) => {
    errorOutput += data;
  });
  const ended = new Promise<number | string>((resolve) => {
    child.once('close', (code, signal) => {
      guard.release();
      end = code ?? signal ?? 'unknown';
      resolve(end);
      wakeUp();
    });
  });
  child.stdin?.on('error', () => {
    // The process was killed before it had read its program, which `next` and `ended` tell.
  });
  child.stdin?.end(program);

  return {
    pid: child.pid,
    send(message) {
      if (child.connected) child.send(message as object);
    },
    async next<Message>() {
      while (received.length === 0) {
        if (end !== undefined) {
          throw new Error(`${name} ended with ${end} and sends no more.\n${errorOutput}`);
        }
        await new Promise<void>((resolve) => waiting.push(resolve));
      }
      return received.shift() as Message;
    },
    errorOutput: () => errorOutput,
    pause: () => pauseProcess(child.pid!),
    resume: () => void child.kill('SIGCONT'),
    async kill(signal = 'SIGKILL') {
      if (end === undefined) child.kill(signal);
      await ended;
    },
    ended,
  };
}
