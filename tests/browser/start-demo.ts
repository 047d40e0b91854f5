import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const programOf = (path: string) =>
  fileURLToPath(new URL(`../../examples/${path}`, import.meta.url));

/** What the commands run. */
const demoPrograms = {
  demo: programOf('next-chat/demo/run.mjs'),
  'demo:workers': programOf('bullmq-workers/run.mjs'),
};

/** How fast its model writes: so that a page shows it growing. */
export const demoPace = { wordsPerSecond: 3_000 };

export interface RunningDemo {
  /** As it was printed. */
  readonly address: string;
  /** All that was printed until now. */
  output(): string;
  /** Ends it as Ctrl+C does; resolves with its exit code. */
  stop(): Promise<number | null>;
}

/** Runs the command of `npm run demo` to its end, which it is expected to meet by itself. */
export async function runDemo(
  env: Record<string, string>,
  args: readonly string[] = [],
): Promise<{ code: number | null; output: string }> {
  const { ended, output } = spawnDemo(env, args);
  return { code: await ended, output: output() };
}

/** Starts it on a free port; resolves once it has printed its address. */
export async function startDemo(
  env: Record<string, string> = {},
  args: readonly string[] = [],
  command: keyof typeof demoPrograms = 'demo',
): Promise<RunningDemo> {
  const { child, ended, output } = spawnDemo({ PORT: '0', ...env }, args, command);
  const address = await new Promise<string>((resolve, reject) => {
    child.stdout.on('data', () => {
      const printed = /Open\s+(http:\S+)[\s\S]*Stop/.exec(output())?.[1];
      if (printed) resolve(printed);
    });
    void ended.then((code) =>
      reject(new Error(`The demo ended with code ${code} before it was ready:\n${output()}`)),
    );
  });
  return {
    address,
    output,
    stop() {
      child.kill('SIGINT');
      return ended;
    },
  };
}

function spawnDemo(
  env: Record<string, string>,
  args: readonly string[],
  command: keyof typeof demoPrograms = 'demo',
) {
  // Without the key, so that a test never talks to OpenAI; and in no Redis that it does not name.
  const {
    REDIS_URL: _redisUrl,
    OPENAI_API_KEY: _key,
    OPENAI_BASE_URL: _url,
    OPENAI_MODEL: _model,
    ...rest
  } = process.env;
  const child = spawn(process.execPath, [demoPrograms[command], ...args], {
    env: { ...rest, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let printed = '';
  child.stdout.setEncoding('utf8').on('data', (data: string) => {
    printed += data;
  });
  child.stderr.setEncoding('utf8').on('data', (data: string) => {
    printed += data;
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  return { child, ended, output: () => printed };
}
