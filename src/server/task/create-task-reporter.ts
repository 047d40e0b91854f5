import { TaskError } from '../../protocol/task-error';
import type { TaskData, TaskProgress, TaskStep } from '../../protocol/task-parts';
import { createSnapshotPace } from './snapshot-pace';
import type { TaskAttempt, TaskReporter } from './task-reporter';
import type { TaskWriterCore } from './task-writer';
import { createSettledError } from './writer-errors';

export interface TaskReporterCore {
  readonly task: Omit<TaskReporter, 'run' | keyof TaskAttempt>;
  /** The snapshot of the task as it is now. */
  snapshot(): TaskData;
  /** How the task stands now. */
  standing(): TaskStanding;
  /** Sends the snapshot that is held back, if there is one, at once. */
  flush(): void;
  /** From now on, no snapshot is sent. */
  end(): void;
}

/** How a task stands: what its next attempt goes on from. */
export interface TaskStanding {
  readonly snapshot: TaskData;
  /** How many log lines the task has. */
  readonly logs: number;
  /** How many partial results it has. */
  readonly partials: number;
}

function isMeasure({ value, total }: TaskProgress): boolean {
  return Number.isFinite(value) && value >= 0 && (total === undefined || Number.isFinite(total));
}

/** The steps with which a task begins: those that are declared, else those that it had before. */
function stepsOf(
  weights: Readonly<Record<string, number>> | undefined,
  before: readonly TaskStep[] = [],
): readonly TaskStep[] {
  if (!weights) return before;
  return Object.entries(weights).map(([name, weight]) => {
    const { status = 'pending', progress } = before.find((step) => step.name === name) ?? {};
    return { name, weight, status, ...(progress && { progress }) };
  });
}

/** What a task and the tasks within it report with. */
export interface ReportingMeans {
  /** The present time in epoch milliseconds, never before a task's beginning. */
  now: () => number;
  progressIntervalMs: number;
  /** Encodes partial results and results. */
  encode: (value: unknown) => unknown;
  emit: TaskWriterCore['emit'];
  /** Reports an error to the host, and returns what a client may know of it. */
  mask: (error: unknown) => TaskError;
}

/** Keeps a task's progress, steps, log and partials, and paces its snapshots. */
export function createTaskReporter({
  taskId,
  name,
  parentTaskId,
  toolCallId,
  createdAt,
  weights,
  attempt = 1,
  before,
  now,
  progressIntervalMs,
  encode,
  emit,
  mask,
}: ReportingMeans & {
  taskId: string;
  name: string | undefined;
  /** Set for a task within another; `toolCallId` for one within a tool call. */
  parentTaskId?: string;
  toolCallId?: string;
  /** Epoch milliseconds. */
  createdAt: number;
  /** Weights of the steps by name. */
  weights: Readonly<Record<string, number>> | undefined;
  /** Which attempt reports, counted from 1. */
  attempt?: number;
  /** How the task stood where this attempt begins. */
  before?: TaskStanding;
}): TaskReporterCore {
  let hasEnded = false;
  let updatedAt = before ? now() : createdAt;
  let progress: TaskProgress | undefined = before?.snapshot.progress;
  let steps = stepsOf(weights, before?.snapshot.steps);
  // Names of the running steps, in the order of starting.
  let running: readonly string[] = steps.flatMap((step) =>
    step.status === 'running' ? step.name : [],
  );
  // Steps that ran where this attempt begins, and that it has not started itself.
  const interrupted = new Set(running);
  let logCount = before?.logs ?? 0;
  let partialCount = before?.partials ?? 0;

  const snapshot = (): TaskData => ({
    taskId,
    ...(name !== undefined && { name }),
    status: 'running',
    ...(attempt > 1 && { attempt }),
    ...(parentTaskId !== undefined && { parentTaskId }),
    ...(toolCallId !== undefined && { toolCallId }),
    ...(progress && { progress }),
    ...(steps.length > 0 && { steps: [...steps] }),
    createdAt,
    updatedAt,
  });

  const pace = createSnapshotPace({
    startedAt: updatedAt,
    now,
    intervalMs: progressIntervalMs,
    send: () => emit({ type: 'data-task', id: taskId, data: snapshot() }),
  });

  const assertRunning = () => {
    if (hasEnded) throw createSettledError();
  };

  const changed = () => {
    updatedAt = now();
    pace.changed();
  };

  const changeStep = (stepName: string, change: Partial<TaskStep>) => {
    steps = steps.map((step) => (step.name === stepName ? { ...step, ...change } : step));
  };

  const setProgress = (next: TaskProgress, stepName: string | undefined) => {
    assertRunning();
    if (!isMeasure(next)) {
      // A wrong progress is reported, but must not stop the task.
      mask(
        new TaskError({
          code: 'invalid-input',
          message: `Progress was left out: value ${next.value} and total ${next.total} must be finite numbers of 0 or more.`,
        }),
      );
      return;
    }
    const { value, total, message } = next;
    progress = {
      value,
      ...(total !== undefined && total > 0 && { total }),
      ...(message !== undefined && { message: String(message) }),
    };
    if (stepName !== undefined) changeStep(stepName, { progress });
    changed();
  };

  const startStep = (stepName: string) => {
    assertRunning();
    if (!steps.some((step) => step.name === stepName)) {
      if (weights) {
        throw new TaskError({
          code: 'unknown-step',
          message: `There is no step \`${stepName}\`. Declare it in \`steps\`, beside ${Object.keys(weights).join(', ')}.`,
        });
      }
      steps = [...steps, { name: stepName, weight: 0, status: 'pending' }];
    }
    running = [...running.filter((other) => other !== stepName), stepName];
    // A step that goes on keeps what it has come to.
    const goesOn = interrupted.delete(stepName);
    if (!goesOn) progress = undefined;
    changeStep(stepName, { status: 'running', ...(!goesOn && { progress: undefined }) });
    changed();
  };

  const endStep = (stepName: string, stepStatus: TaskStep['status']) => {
    running = running.filter((other) => other !== stepName);
    changeStep(stepName, { status: stepStatus });
    // Once the task has ended, its final snapshot has been sent already.
    if (!hasEnded) changed();
  };

  const task: TaskReporterCore['task'] = {
    taskId,
    name,
    progress: (next) => setProgress(next, running.at(-1)),
    async step(stepName, work) {
      startStep(stepName);
      try {
        const returned = await work({ progress: (next) => setProgress(next, stepName) });
        endStep(stepName, 'completed');
        return returned;
      } catch (error) {
        endStep(stepName, 'failed');
        throw error;
      }
    },
    log(entry) {
      const { level = 'info', message } = typeof entry === 'string' ? { message: entry } : entry;
      const index = logCount++;
      const data = { taskId, index, level, message: String(message), at: now() };
      emit({ type: 'data-task-log', id: `${taskId}:${index}`, data, transient: true });
    },
    partial(value) {
      const index = partialCount;
      const encoded = encode(value);
      const data = { taskId, index, value: encoded };
      const id = `${taskId}:${index}`;
      emit({ type: 'data-task-partial', id, data, transient: true }, `partials[${index}]`, encoded);
      partialCount++;
    },
  };

  return {
    task,
    snapshot,
    standing: () => ({ snapshot: snapshot(), logs: logCount, partials: partialCount }),
    flush: pace.flush,
    end() {
      pace.end();
      hasEnded = true;
    },
  };
}
