// One of the worker processes: it runs what web processes have put into the queue.
import { drainOnSignal } from 'ai-task-stream/server';
import { reports, streamContext } from './queue';

reports.work({ concurrency: 2 });

// At SIGTERM its tasks are handed over, behind the next whole section, to the other workers.
drainOnSignal(streamContext, { timeoutMs: 4_000, onDrained: () => process.exit() });
