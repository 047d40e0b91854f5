import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { createHost, type Invocation } from './host';

const limitMs = Number(process.env.LIMIT_MS ?? 2_000);
const program = fileURLToPath(new URL('invocation.mjs', import.meta.url));

function invoke(): Invocation {
  // Less than the limit, so that the task is handed over before its process is killed.
  const child = fork(program, { env: { ...process.env, MAX_RUN_MS: `${limitMs * 0.9}` } });
  const ended = once(child, 'exit');
  return {
    port: Promise.race([
      once(child, 'message').then(([port]) => Number(port)),
      ended.then(() => undefined),
    ]),
    ended,
    kill: () => child.kill('SIGKILL'),
  };
}

const port = Number(process.env.PORT ?? 3000);
createHost({ limitMs, invoke }).listen(port, () => {
  console.log(`Serving http://localhost:${port}, each request for ${limitMs} ms at most.`);
});
