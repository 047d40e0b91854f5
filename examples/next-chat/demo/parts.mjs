import { spawn } from 'node:child_process';

/** The parts of a running demo (processes, servers, a Redis), which all end with it. */
export function createParts() {
  /** The functions that stop the parts, that of the newest part first. */
  const stops = [];
  let isStopping = false;

  return {
    get isStopping() {
      return isStopping;
    },

    /** Adds a part, given the function that stops it. */
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
      // A process that serves prints its complaints at once. The output of any other is of interest
      // only if the process fails, so it is kept.
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

    /** Ends all parts, one after another. Idempotent. */
    async stop() {
      if (isStopping) return false;
      isStopping = true;
      for (const stopPart of stops) await stopPart();
      return true;
    },
  };
}
