import { frameType } from '../../protocol/compact-replay';
import { attemptFrames } from '../log/attempt-frames';
import { createLogWindow } from '../log/log-window';
import type { TakenTask } from '../log/task-attempts';
import { mayTake } from '../log/task-guard';
import { taskPartTest } from '../log/task-part-test';
import type { TaskStreamContext } from '../log/task-stream-context';
import { voidsOf } from '../log/void-frames';
import { createClosedError } from './client/storage-error';
import type { LocalTasks } from './read/local-tasks';
import type { LookAtTask } from './read/loss-watch';
import type { RedisRuns } from './redis-runs';
import type { KeptAttempts, StoredTaking } from './scripts/stored-attempts';
import type { StoredRecord } from './scripts/stored-log';
import type { StoredOpenTasks } from './scripts/stored-open-tasks';
import type { StoredTask, TaskDetails } from './scripts/stored-task';
import type { RedisChats } from './write/redis-chats';

/** The frames of a log before its first snapshot, with which it begins. */
async function fetchStartFrames(stored: StoredTask, { firstEpoch }: StoredRecord) {
  const [entry] = await stored.fetchPage({ epoch: firstEpoch, n: 0 }, 1);
  const isSnapshot = taskPartTest('data-task', stored.taskId);
  const frames = entry?.frames ?? [];
  const count = frames.findIndex(isSnapshot);
  return frames
    .slice(0, Math.max(0, count))
    .filter((frame) => frameType(frame) !== 'data-task-rewind');
}

/** Takes tasks that wait, and makes their producers. */
export function createRedisTaker({
  storedTask,
  storedTaking,
  tasks,
  chats,
  runs,
  look,
  openTasks,
  home,
  isClosed,
}: {
  storedTask: (taskId: string) => StoredTask;
  storedTaking: (taskId: string) => StoredTaking;
  tasks: LocalTasks;
  chats: Pick<RedisChats, 'supersededBefore'>;
  runs: RedisRuns;
  look: LookAtTask;
  openTasks: StoredOpenTasks;
  /** Listens on the channel on which this process is told of cancels, and returns its name. */
  home: () => string;
  isClosed: () => boolean;
}): NonNullable<TaskStreamContext['take']> {
  /** What the caller needs, and what the producer does, of a task that is read from the storage. */
  const fetchAll = async (taskId: string, record: StoredRecord) => {
    const stored = storedTask(taskId);
    const { owner, chatId } = record;
    const [kept, continued, startFrames, unsaved] = await Promise.all([
      storedTaking(taskId).fetchKept(),
      record.attempts?.savesOutcome ? stored.fetchContinued() : undefined,
      fetchStartFrames(stored, record),
      chatId === undefined ? [] : chats.supersededBefore({ owner, chatId }, taskId),
    ]);
    return kept && { kept, continued, startFrames, unsaved };
  };

  return async (taskId, options) => {
    const { token, graceMs = 5_000 } = options;
    const leaseMs = Math.ceil(options.leaseMs);
    const record = (await look(taskId))?.record;
    const attempts = record?.attempts;
    if (!record || !attempts || !mayTake(record, attempts.work, options)) return undefined;
    const isAgain = record.status === 'running' && attempts.token === token;
    if (record.status !== 'pending' && !isAgain) return undefined;
    const all = await fetchAll(taskId, record);
    if (!all) return undefined;
    const { continued, startFrames, unsaved } = all;
    const { start, bytes, input, context } = all.kept;
    const attempt = isAgain ? attempts.attempt : attempts.attempt + 1;
    const frames = attemptFrames(start, { attempt, now: Date.now() });
    const taking = { token, record, leaseMs, home: home(), frames };
    const taken = await storedTaking(taskId).take(taking);
    if (isClosed()) throw createClosedError();
    if (taken.answer === 'none') return undefined;

    const { owner, name, chatId, createdAt, definition } = record;
    const { savesOutcome, startAt, log } = attempts;
    const { deadlineAt, now, epoch, cancel } = taken;
    // Nobody need look for it before this attempt may be lost, and then somebody has to.
    void openTasks.makeDue({ taskId, definition, createdAt, log }, leaseMs);
    const closedEpochs = new Map(record.closedEpochs);
    const rewinds = new Map(record.rewinds);
    if (!isAgain) {
      closedEpochs.set(record.epoch, record.end + 1);
      rewinds.set(epoch, startAt);
    }
    const kept: KeptAttempts = {
      work: {
        ...attempts.work,
        ...(input !== undefined && { input }),
        ...(context !== undefined && { context }),
      },
      ...{ start, bytes, attempt, deadlineAt, freeHandOvers: attempts.freeHandOvers },
      tries: isAgain ? attempts.tries : attempts.tries + 1,
    };
    const details: TaskDetails = {
      ...{ owner, name, chatId, definition, createdAt, leaseMs, savesOutcome, continued },
      home: taking.home,
    };
    const begin = () => {
      const { firstEpoch } = record;
      const window = createLogWindow({
        ...{ taskId, firstEpoch, epoch, closedEpochs },
        voids: voidsOf(rewinds),
      });
      // If the task had been taken before, its first frames may be others than those made now.
      if (taken.answer === 'taken') for (const frame of frames) window.push(frame);
      else window.skipTo(taken.last + 1);
      return runs.begin({
        ...{ window, details, token, log, graceMs, cancel, unsaved },
        firstFrames: frames,
        startFrames: [...startFrames, ...frames.slice(0, 1)],
        attempts: { kept },
      });
    };
    const here = tasks.get(taskId)?.producer;
    // An attempt of this task that runs here was fenced when the task was taken.
    if (here && here.token !== token) here.abandon();
    const task: TakenTask = {
      log: here?.token === token ? here : begin(),
      ...{ work: kept.work, start, createdAt, savesOutcome },
      last: rewinds.get(epoch) ?? startAt,
      ...(owner !== undefined && { owner }),
      ...(name !== undefined && { name }),
      ...(chatId !== undefined && { chatId }),
      ...(continued !== undefined && { continued }),
      ...(deadlineAt !== undefined && { deadlineLeftMs: deadlineAt - now }),
    };
    return task;
  };
}
