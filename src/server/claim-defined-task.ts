import type { StartDefinedTaskOptions } from './define-task';
import { createMemoryStreamContext } from './memory/memory-stream-context';
import type { PlainDefinition } from './plain-definition';
import { planTask, type StartedWith } from './planned-work';
import { registerDefinition } from './registered-definitions';
import { type ClaimedTask, claimTask } from './stream-task';
import type { QueuedStart } from './task/ask-for-worker';
import { checkTaskOptions } from './task/check-task-options';
import type { RunTimeOptions } from './task/run-time';
import { toTaskStreamContext } from './to-task-stream-context';

/** What a defined task is started with; these settings win over those of the definition. */
interface DefinedRun<Result>
  extends Omit<StartDefinedTaskOptions<Result>, 'params'>,
    Pick<StartedWith, 'storedInput' | 'params'>,
    RunTimeOptions {
  /** Has a worker of a queue run the task. Default: this process runs it. */
  queued?: QueuedStart | undefined;
  /** Resolves with the checked input. When it rejects, the task is refused and nothing is started. */
  readInput: () => Promise<unknown>;
}

/**
 * Starts or joins a task of a definition. Only routes of that definition serve the task.
 *
 * @throws TaskError `invalid-options`.
 */
export function claimDefinedTask<Result>(
  definition: PlainDefinition<Result>,
  { readInput, storedInput, request, params, ...own }: DefinedRun<Result>,
): ClaimedTask<Result> {
  const streamContext = toTaskStreamContext(own.streamContext ?? createMemoryStreamContext());
  registerDefinition(streamContext, definition);
  const { runMs: maxRunMs, ...ofDefinition } = settingsOf(definition);
  const { runMs = maxRunMs } = own;
  const settings = { ...ofDefinition, ...own, runMs, streamContext };
  checkTaskOptions({ ...settings, execute: definition.execute });
  settings.transformer ??= definition.transformer;
  const { chatId, deadlineMs } = settings;
  const startedWith: StartedWith = {
    ...{ storedInput, request, params, hasChat: chatId !== undefined, deadlineMs },
    queued: own.queued,
  };
  return claimTask<Result>(settings, {
    definition: definition.name,
    readInput,
    plan: (input) => planTask(definition, input, startedWith),
  });
}

/** What a definition says of its tasks besides their values and their work. */
export function settingsOf<Result>({
  execute: _execute,
  input: _input,
  context: _context,
  chat: _chat,
  isTurn: _isTurn,
  work: _work,
  retry: _retry,
  version: _version,
  maxRunMs,
  maxWaitMs: _maxWaitMs,
  maxStoredBytes: _maxStoredBytes,
  ...settings
}: PlainDefinition<Result>): Omit<
  PlainDefinition<Result>,
  | 'execute'
  | 'input'
  | 'context'
  | 'chat'
  | 'isTurn'
  | 'work'
  | 'retry'
  | 'version'
  | 'maxRunMs'
  | 'maxWaitMs'
  | 'maxStoredBytes'
> &
  RunTimeOptions {
  return { ...settings, runMs: maxRunMs };
}
