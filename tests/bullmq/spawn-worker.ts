import { sharedRedisUrl } from '../helpers/redis-server';
import { spawnTaskProcess, type TaskProcess } from '../helpers/spawn-task-process';
import type { KeptAttempt } from './kept-task';

export type WorkerReport =
  | ({ readonly event: 'begun' | 'aborted' } & KeptAttempt)
  | { readonly event: 'up' };

export interface WorkerCommand {
  /** Lets the task of this id end, where it runs here. */
  readonly end: string;
}

interface WorkerOptions {
  name: string;
  keyPrefix: string;
  /** Default: the Redis that the tests of a run share. */
  url?: string;
  /** The addresses of a cluster, instead of a `url`. */
  cluster?: readonly string[];
  /** Of BullMQ's keys. Default: BullMQ's own. */
  prefix?: string;
  /** Of BullMQ. Default 6. */
  major?: 5 | 6;
}

/** A process that runs tasks of a queue. */
export interface WorkerProcess extends TaskProcess {
  /** The next attempt that begins there. */
  begun(): Promise<KeptAttempt>;
  /** Resolves once the signal of an attempt has aborted there. */
  aborted(): Promise<void>;
  /** Lets a task end, also one that begins later. */
  end(taskId: string): void;
}

export async function spawnWorker({
  name,
  keyPrefix,
  cluster = [],
  url = cluster.length > 0 ? '' : sharedRedisUrl(),
  prefix,
  major = 6,
}: WorkerOptions): Promise<WorkerProcess> {
  const child = await spawnTaskProcess('worker', {
    env: {
      ...{ WORKER_REDIS_URL: url, WORKER_KEY_PREFIX: keyPrefix },
      ...{ WORKER_QUEUE: name, WORKER_MAJOR: String(major) },
      ...{ WORKER_CLUSTER: cluster.join(' '), ...(prefix && { WORKER_PREFIX: prefix }) },
    },
  });
  await child.next<WorkerReport>();
  const nextOf = async (event: WorkerReport['event']): Promise<WorkerReport> => {
    for (;;) {
      const report = await child.next<WorkerReport>();
      if (report.event === event) return report;
    }
  };
  return {
    ...child,
    begun: async () => (await nextOf('begun')) as unknown as KeptAttempt,
    aborted: async () => void (await nextOf('aborted')),
    end: (taskId) => child.send({ end: taskId } satisfies WorkerCommand),
  };
}
