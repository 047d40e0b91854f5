// What an application does that has BullMQ and nothing else: `updateProgress` in the worker, and
// `QueueEvents` where somebody watches.
import { setTimeout as sleep } from 'node:timers/promises';
import { Queue, QueueEvents, Worker } from 'bullmq';

const name = 'bench';

/** How long BullMQ waits before it looks for jobs whose worker is gone, for each kind of setting. */
const settings = {
  default: {},
  quick: { lockDuration: 1_000, stalledInterval: 1_000 },
};

const kinds = {
  async nothing() {},

  /** Updates that are awaited, as in BullMQ's documents. */
  async updates({ data }, update) {
    for (let n = 0; n < data.count; n++) await update(n);
  },

  async unawaitedUpdates({ data }, update) {
    await Promise.all(Array.from({ length: data.count }, (_, n) => update(n)));
  },

  async endless(_job, update) {
    for (let n = 0; ; n++) {
      await update(n);
      await sleep(50);
    }
  },
};

export function work({ url, concurrency, pace }) {
  new Worker(
    name,
    (job) => kinds[job.data.kind](job, (n) => job.updateProgress({ n, pid: process.pid })),
    {
      ...{ connection: { url }, prefix: pace, concurrency, maxStalledCount: 1_000 },
      ...settings[pace],
    },
  );
}

/** The side of the web process: it adds jobs, and hears of them. */
export async function createClient({ url, pace }) {
  const connection = { url };
  const queue = new Queue(name, { connection, prefix: pace });
  const events = new QueueEvents(name, { connection, prefix: pace });
  const watched = new Map();
  events.on('progress', ({ jobId, data }) => watched.get(jobId)?.onUpdate(data));
  events.on('completed', ({ jobId }) => watched.get(jobId)?.resolve());
  events.on('failed', ({ jobId, failedReason }) =>
    watched.get(jobId)?.reject(new Error(failedReason)),
  );
  await Promise.all([queue.waitUntilReady(), events.waitUntilReady()]);
  // It listens from its first read on, and does not tell when that is.
  await sleep(500);

  return {
    /** Starts a task that somebody watches. Resolves when it is over. */
    run(data, onUpdate = () => {}) {
      const jobId = `job-${crypto.randomUUID()}`;
      return new Promise((resolve, reject) => {
        watched.set(jobId, { onUpdate, resolve, reject });
        queue.add('bench', data, { jobId, removeOnComplete: true }).catch(reject);
      }).finally(() => watched.delete(jobId));
    },

    /** Leaves all tasks that run to themselves. */
    async close() {
      await Promise.all([queue.close(), events.close()]);
    },
  };
}
