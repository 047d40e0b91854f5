// A schedule that is being played: a task of a stream context, and what the model has of it.
import { randomUUID } from 'node:crypto';
import type { TaskData } from 'ai-task-stream';
import type {
  Cursor,
  OpenTaskOptions,
  StoredWork,
  TaskLog,
  TaskStreamContext,
} from 'ai-task-stream/server';
import type { LiveReader } from './live-readers';
import { type AttemptModel, createAttemptModel } from './model';
import type { ModelFrame, Place } from './model-log';
import type { Schedule, Step, Times } from './schedule';
import type { Chunk } from './told';

/** Where schedules are played. */
export interface Playground {
  /** Two instances over one storage. */
  readonly contexts: readonly [TaskStreamContext, TaskStreamContext];
  /** An instance that runs nothing. Default: either of the others does. */
  readonly apart?: TaskStreamContext;
  readonly times: Times;
  /** Whether a cancel is known to the runner as soon as it is accepted, so that nothing yields to it. */
  readonly knowsCancels: boolean;
  /** Is told of each step before it is played. */
  onStep?(step: Step): void;
  /** Epoch milliseconds. */
  now(): number;
  /** Lets time pass, where a test can say how much. */
  pass?(ms: number): Promise<void>;
  /** Lets the short ones of `times` pass for certain, where time is real. */
  passShort?(): Promise<void>;
  /** Takes its sign of life from the task's runner, and has that noticed. Default: nobody is lost. */
  lose?(taskId: string): Promise<void>;
}

export interface Game {
  readonly playground: Playground;
  readonly schedule: Schedule;
  readonly model: AttemptModel;
  readonly work: StoredWork;
  readonly options: OpenTaskOptions & { readonly owner: string; readonly definition: string };
  /** The logs of all runners, by their attempts; 0 is that of a task that was opened as waiting. */
  readonly logs: Map<number, TaskLog>;
  /** Attempts that were handed over. */
  readonly handedOver: Set<number>;
  /** What the context has made in the place of frames of the model. */
  readonly seen: Map<ModelFrame, string>;
  readonly live: LiveReader[];
  /**
   * Chunks of runners that did not know yet that they were none any more. Readers in their processes
   * may have been given them, and nobody else.
   */
  readonly late: Set<string>;
  /** As the context's record tells it. */
  readonly createdAt: number | undefined;
  readonly firstEpoch: number;
}

export async function openGame(schedule: Schedule, playground: Playground): Promise<Game> {
  const { contexts, times, knowsCancels, now } = playground;
  const taskId = randomUUID();
  const [owner, definition] = ['me', 'report'];
  const delayMs = schedule.waits === undefined ? undefined : (times.delays[schedule.waits] ?? 0);
  const deadlineMs = times.deadlines[schedule.deadline];
  const work: StoredWork = {
    ...{ input: '{"a":1}', context: '"c"', version: 2, runner: 'any' },
    ...{ attempts: schedule.attempts, maxTotal: schedule.maxTotal },
    maxWaitMs: times.patience[schedule.patience] ?? 3_600_000,
    ...(deadlineMs !== undefined && { deadlineMs }),
  };
  const snapshot: TaskData = {
    ...{ taskId, name: 'Report', status: delayMs === undefined ? 'running' : 'pending' },
    ...{ createdAt: now(), updatedAt: now() },
  };
  const frames: Chunk[] = [
    { type: 'start' },
    { type: 'data-task', id: taskId, data: { ...snapshot } },
  ];
  const options = {
    ...{ owner, name: 'Report', definition, chatId: taskId, leaseMs: 60_000, token: randomUUID() },
    ...{ frames: frames.map((chunk) => JSON.stringify(chunk)), work },
    ...{ savesOutcome: schedule.savesOutcome, continued: '{"id":"m"}' },
    start: { index: -1, logs: 0, partials: 0, snapshot, nested: [] },
    ...(delayMs !== undefined && { waits: { delayMs } }),
  };
  const opened = await contexts[0].open(taskId, options);
  if (!opened) throw new Error('The task exists already.');
  const model = createAttemptModel({
    ...{ taskId, frames, definition, work, now: now(), knowsCancels },
    ...(delayMs !== undefined && { delayMs }),
  });
  const { createdAt } = (await contexts[0].inspect(taskId)) ?? {};
  const reader = await contexts[0].read(taskId, { owner });
  const { value } = (await reader?.next()) ?? {};
  reader?.close();
  return {
    ...{ playground, schedule, model, work, options, createdAt },
    logs: new Map([[model.attempt, opened]]),
    handedOver: new Set(),
    seen: new Map(),
    live: [],
    late: new Set(),
    firstEpoch: value?.epoch ?? 0,
  };
}

/** A place of the model as the context names it. */
export function absolute({ firstEpoch }: Game, { epoch, n }: Place): Cursor {
  return { epoch: epoch + firstEpoch, n };
}

/** The log of whoever runs the task now, or ran it last. */
export function runnerOf({ logs, model }: Game): TaskLog | undefined {
  return logs.get(model.attempt);
}

export function isOver({ model: { state } }: Game): boolean {
  return state !== 'running' && state !== 'waiting';
}
