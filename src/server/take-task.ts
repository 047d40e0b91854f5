import { settingsOf } from './claim-defined-task';
import type { StartDefinedTaskOptions } from './define-task';
import { defined } from './log/defined';
import type { ResumableStreamContext } from './log/resumable-stream-context';
import { checkTaskId } from './log/task-errors';
import type { TaskStreamContext } from './log/task-stream-context';
import { createMemoryStreamContext } from './memory/memory-stream-context';
import type { PlainDefinition } from './plain-definition';
import { planRetry } from './planned-work';
import { takeWaitingTask } from './recovery/take-waiting-task';
import type { TaskEnd } from './task/run-attempts';
import { createRunTime, type RunTimeOptions } from './task/run-time';
import { toTaskStreamContext } from './to-task-stream-context';

/** Options of `takeTask`; they win over those of the definition. */
export interface TakeTaskSettings
  extends Pick<
      StartDefinedTaskOptions,
      'heartbeatMs' | 'graceMs' | 'onError' | 'onSettle' | 'toTaskError'
    >,
    RunTimeOptions {
  streamContext: TaskStreamContext | ResumableStreamContext;
  /** The kind of runner that this process is. Default: `any`. */
  runner?: string;
}

/**
 * Takes a task of a definition that waits for a process, and runs it, with the input and context that
 * are stored. `undefined`: it does not wait, or others have it. For hosts that call processes for tasks
 * by means of their own, such as the steps of a workflow engine; routes, supervisors and the workers of
 * a queue do it by themselves.
 *
 * @throws TaskError `context-unavailable`, `invalid-options`, `invalid-task-id`.
 */
export async function takeTask(
  { options: definition }: { readonly options: PlainDefinition },
  taskId: string,
  { streamContext, runner = 'any', ...own }: TakeTaskSettings,
): Promise<TaskEnd | undefined> {
  const context = toTaskStreamContext(streamContext);
  const settings = { ...settingsOf(definition), ...defined(own) };
  const { heartbeatMs = 5_000, graceMs, onSettle } = settings;
  const runTime = createRunTime(settings);
  const { name, version = 1, retry = {} } = definition;
  return takeWaitingTask({
    ...{ context, taskId: checkTaskId(taskId), definition: name, version, runner },
    ...{ heartbeatMs, graceMs, runTime },
    plan: ({ work, owner, name: shown = name, chatId }) => ({
      ...settings,
      ...{ taskId, owner, name: shown, chatId, heartbeatMs, streamContext: context },
      definition: name,
      ...(definition.isTurn && { turn: JSON.parse(work.input ?? 'null') }),
      deadlineMs: work.deadlineMs,
      createFallback: createMemoryStreamContext,
      onSettle: onSettle && ((event) => onSettle(event as Parameters<typeof onSettle>[0])),
      // Each attempt gets its work from what is stored.
      execute() {},
      retry: planRetry(definition, retry, work),
    }),
  });
}
