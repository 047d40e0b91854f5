import type { Draining } from '../server/log/draining';
import type { Rounds } from '../server/recovery/supervise';
import type { BullJob, BullWorker, BullWorkerClass } from './bull-classes';
import type { TaskWorker } from './task-queue-options';
import type { Trouble } from './trouble';

/**
 * What BullMQ's stalled check brings back are jobs of workers that were lost before they took a task; all
 * others have nothing to do any more. So it may look often, and must never fail a job.
 */
const workerDefaults = { lockDuration: 15_000, stalledInterval: 5_000, maxStalledCount: 1_000_000 };

/** Runs a worker of BullMQ, and rounds that look after its tasks, until both are closed. */
export function startWorker({
  Worker,
  name,
  process,
  options,
  draining,
  rounds,
  trouble,
  onClosed,
}: {
  Worker: BullWorkerClass;
  name: string;
  process: (job: BullJob, token?: string) => Promise<void>;
  options: object;
  draining: Draining | undefined;
  rounds: Rounds;
  trouble: Trouble;
  onClosed: () => void;
}): TaskWorker {
  const processNow = (job: BullJob, token?: string) => {
    // What the connection is said to have failed with is over.
    trouble.over();
    return process(job, token);
  };
  const worker: BullWorker = new Worker(
    name,
    processNow as never,
    { ...workerDefaults, ...options } as never,
  );
  worker.on('error', trouble.report);
  let closing: Promise<void> | undefined;

  const end = async () => {
    forget?.();
    await Promise.all([rounds.stop(), worker.close()]);
    onClosed();
  };
  const close = (): Promise<void> => {
    closing ??= end();
    return closing;
  };
  const forget = draining?.whenBegun(() => {
    const leaving = close().catch(trouble.report);
    // The process has to stay until what BullMQ has fetched for it is given back.
    draining.track(leaving);
  });
  return { close };
}
