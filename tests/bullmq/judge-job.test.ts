import type { TaskRecord } from 'ai-task-stream/server';
import { expect, it } from 'vitest';
import { type JobAttempt, type JobRunner, judgeJob } from '../../src/bullmq/judge-job';

const runner: JobRunner = { runner: 'queue:q', version: 2, retentionMs: 1_000, now: 100_000 };
const first: JobAttempt = { attempt: 1, canOpen: true, ageMs: 0 };

const waiting: TaskRecord = {
  ...{ taskId: 'task', status: 'pending', cursor: '1-1', createdAt: 0, isWaiting: true },
  ...{ attempt: 0, runner: 'queue:q', version: 2, notBefore: 100_000 },
};

const running: TaskRecord = { ...waiting, status: 'running', isWaiting: undefined };

const cases: [string, TaskRecord | undefined, Partial<JobAttempt>, string][] = [
  ['takes the task that waits for it', waiting, {}, 'take'],
  ['takes a later attempt', { ...waiting, attempt: 3 }, { attempt: 4 }, 'take'],
  ['leaves a task that waits for another attempt', { ...waiting, attempt: 1 }, {}, 'skip'],
  ['leaves a task that runs', { ...running, attempt: 1 }, {}, 'skip'],
  ['leaves a task that runs and seems lost', { ...running, isLost: true }, {}, 'skip'],
  ['leaves a task of other runners', { ...waiting, runner: 'any' }, {}, 'skip'],
  ['leaves a task that is over', { ...running, status: 'completed' }, {}, 'skip'],
  ['opens a task that is lost', undefined, { ageMs: 999 }, 'open'],
  ['opens no task that may have been over', undefined, { ageMs: 1_000 }, 'skip'],
  ['opens no task of which it knows nothing', undefined, { canOpen: false }, 'skip'],
  ['comes again for a task that was put off', { ...waiting, notBefore: 100_001 }, {}, 'later'],
  ['leaves a task of a later version to others', { ...waiting, version: 3 }, {}, 'leave'],
];

it.each(cases)('a job %s (R-QUEUE-2)', (_what, record, attempt, verdict) => {
  expect(judgeJob(record, { ...first, ...attempt }, runner)).toMatchObject({ do: verdict });
});
