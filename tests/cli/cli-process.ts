import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, afterEach, beforeAll } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const children = new Set<ChildProcess>();
let folder: string;

/** The program, made from the source. */
export const script = (): string => join(folder, 'cli.mjs');

/** Makes the program before the tests of a file, and ends what they left of it. */
export function buildCli(): void {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ai-task-stream-cli-'));
    await build({
      entryPoints: [join(root, 'src', 'cli', 'cli.ts')],
      outfile: script(),
      bundle: true,
      platform: 'node',
      format: 'esm',
      target: 'node20',
      logLevel: 'error',
    });
  });
  afterEach(() => {
    for (const child of children) child.kill('SIGKILL');
  });
  afterAll(() => rm(folder, { recursive: true }));
}

/** How a process ended, with all that it wrote. */
export interface CliEnd {
  code: number | string;
  stdout: string;
  stderr: string;
}

/** The program while it runs. */
export interface CliProcess {
  readonly ended: Promise<CliEnd>;
  /** Resolves with everything on that stream once it contains the text. */
  printed(stream: 'stdout' | 'stderr', text: string): Promise<string>;
  signal(name: NodeJS.Signals): void;
  /** From then on nobody reads its standard output. */
  closeOutput(): Promise<void>;
}

/** Runs a program, by default the one that is tested here, without a terminal. */
export function spawnCli({
  args,
  command = [process.execPath, script()],
  input,
  environment = {},
}: {
  args: readonly string[];
  command?: readonly string[];
  /** For standard input. */
  input?: string;
  environment?: Record<string, string | undefined>;
}): CliProcess {
  const [program = '', ...first] = command;
  const { NO_COLOR: _, FORCE_COLOR: _forced, ...inherited } = process.env;
  const child = spawn(program, [...first, ...args], {
    env: { ...inherited, TERM: 'xterm-256color', ...environment },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  children.add(child);
  const output = { stdout: '', stderr: '' };
  let waiting: (() => void)[] = [];
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].setEncoding('utf8').on('data', (text: string) => {
      output[stream] += text;
      for (const check of waiting) check();
    });
  }
  child.stdin.on('error', () => {
    // It has ended, and wants no input.
  });
  child.stdin.end(input);
  const ended = new Promise<CliEnd>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      children.delete(child);
      resolve({ code: code ?? signal ?? 'unknown', ...output });
    });
  });
  return {
    ended,
    printed: (stream, text) =>
      new Promise((resolve, reject) => {
        const check = () => {
          if (!output[stream].includes(text)) return;
          waiting = waiting.filter((other) => other !== check);
          resolve(output[stream]);
        };
        waiting.push(check);
        check();
        ended.then(({ code }) => {
          reject(new Error(`It ended with ${code} before it printed ${text}.`));
        }, reject);
      }),
    signal: (name) => void child.kill(name),
    closeOutput: () =>
      new Promise((resolve) => {
        child.stdout.once('close', resolve).destroy();
      }),
  };
}

/** Runs the program to its end. */
export function runCli(
  args: readonly string[],
  options: { input?: string; environment?: Record<string, string | undefined> } = {},
): Promise<CliEnd> {
  return spawnCli({ args, ...options }).ended;
}
