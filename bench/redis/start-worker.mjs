import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { deferred } from './deferred.mjs';

const path = fileURLToPath(new URL('worker.mjs', import.meta.url));

/** Starts a process of producers or readers. */
export function startWorker({ url, execArgv = [] }) {
  const child = fork(path, {
    execArgv: ['--expose-gc', ...execArgv],
    env: { ...process.env, REDIS_URL: url },
    serialization: 'advanced',
  });
  const calls = new Map();
  let lastCall = 0;

  child.on('message', ({ call, result, error }) => {
    const pending = calls.get(call);
    calls.delete(call);
    if (error) pending?.reject(new Error(error));
    else pending?.resolve(result);
  });
  const ended = once(child, 'exit').then(() => {
    for (const { reject } of calls.values()) reject(new Error('The process has ended.'));
  });

  return {
    /** Asks for an action of worker.mjs. Rejects when the action fails or takes too long. */
    call(action, input, { timeoutMs = 300_000 } = {}) {
      const pending = deferred();
      const call = ++lastCall;
      calls.set(call, pending);
      child.send({ call, action, input });
      const timer = setTimeout(
        () => pending.reject(new Error(`\`${action}\` has taken ${timeoutMs / 1000} s.`)),
        timeoutMs,
      );
      const settle = () => clearTimeout(timer);
      pending.promise.then(settle, settle);
      return pending.promise;
    },
    /** Kills the process without a warning. */
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
    /** Lets the process end by itself, so that it writes its profile. */
    async stop() {
      if (child.connected) child.disconnect();
      await ended;
    },
  };
}
