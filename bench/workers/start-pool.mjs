import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { contenders } from './contenders.mjs';

const script = fileURLToPath(new URL('worker.mjs', import.meta.url));

/** Worker processes of a contender, and the web process' side of it, in this process. */
export async function startPool(contender, { count, ...options }) {
  const workers = new Map();

  async function startOne() {
    const child = fork(script, [contender, JSON.stringify(options)]);
    const ended = once(child, 'exit').then(() => {
      throw new Error(`A worker of ${contender} has ended before it was ready.`);
    });
    await Promise.race([once(child, 'message'), ended]);
    ended.catch(() => {
      // It is killed later on.
    });
    workers.set(child.pid, child);
  }

  await Promise.all(Array.from({ length: count }, startOne));
  const { createClient } = await contenders[contender]();
  const client = await createClient(options);

  return {
    run: client.run,

    /** Kills a worker without a warning, and puts another one in its place. */
    async kill(pid) {
      const child = workers.get(pid);
      workers.delete(pid);
      child.kill('SIGKILL');
      await startOne();
    },

    async stop() {
      for (const child of workers.values()) child.kill('SIGKILL');
      await client.close();
    },
  };
}
