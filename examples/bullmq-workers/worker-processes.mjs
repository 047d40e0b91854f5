/** How long a worker that was killed stays away: longer than it takes others to take up what it ran. */
const awayMs = 6_000;

/**
 * The worker processes of the demo. Where one is killed, another takes its place after a while.
 *
 * @param {ReturnType<import('../next-chat/demo/parts.mjs').createParts>} parts
 * @param {object} options
 * @param {readonly string[]} options.names
 * @param {(name: string) => { pid: number, ended: Promise<{ code: unknown }> }} options.start
 * @returns {import('./web').Workers}
 */
export function createWorkerProcesses(parts, { names, start }) {
  const workers = names.map((name) => ({ name, pid: 0, isGone: true }));

  const launch = (worker) => {
    const { pid, ended } = start(worker.name);
    Object.assign(worker, { pid, isGone: false });
    void ended.then(({ code }) => {
      if (parts.isStopping) return;
      worker.isGone = true;
      console.log(`  Worker ${worker.name} ended (${code}). It is started again.`);
      setTimeout(() => parts.isStopping || launch(worker), awayMs);
    });
  };
  workers.forEach(launch);

  return {
    list: () => workers,
    kill(name) {
      const worker = workers.find((one) => one.name === name && !one.isGone);
      if (worker) process.kill(worker.pid, 'SIGKILL');
      return worker !== undefined;
    },
  };
}
