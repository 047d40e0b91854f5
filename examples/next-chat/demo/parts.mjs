import { spawn } from 'node:child_process';

/** What the demo consists of while it runs: processes, servers, a Redis. All end with it. */
export function createParts() {
  /** What stops the parts that run, newest first. */
  const stops = [];
  let isStopping = false;

  return {
    get isStopping() {
      return isStopping;
    },

    /** One more part, which `stop` ends. */
    add(stop) {
      stops.unshift(stop);
    },

    /** Runs a Node process. `ended` resolves with its code and output. */
    startNode(args, { cwd, env = {}, serves = false }) {
      const child = spawn(process.execPath, args, {
        cwd,
        env: { ...process.env, NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1', ...env },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      // What it says is of interest only if it fails; what it complains about while it serves, at once.
      let output = '';
      child.stdout.on('data', (data) => {
        if (!serves) output += data;
      });
      child.stderr.on('data', (data) => {
        if (serves) process.stderr.write(data);
        else output += data;
      });
      const ended = new Promise((resolve, reject) => {
        child.once('error', reject);
        child.once('close', (code, signal) => resolve({ code: code ?? signal, output }));
      });
      stops.unshift(async () => {
        child.kill('SIGTERM');
        const impatient = setTimeout(() => child.kill('SIGKILL'), 5_000);
        await ended;
        clearTimeout(impatient);
      });
      return { pid: child.pid, ended };
    },

    /** Ends them all, one after another. Idempotent. */
    async stop() {
      if (isStopping) return false;
      isStopping = true;
      for (const stopPart of stops) await stopPart();
      return true;
    },
  };
}
