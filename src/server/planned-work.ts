import { TaskError } from '../protocol/task-error';
import type { StartDefinedTaskOptions } from './define-task';
import { bytesBeyond } from './log/bytes-beyond';
import { serializeFaithfully } from './log/serialize';
import type { StoredWork } from './log/task-attempts';
import type { PlainDefinition } from './plain-definition';
import { inputDecoder, readInput } from './read-input';
import type { QueuedStart } from './task/ask-for-worker';
import type { RetryPlan } from './task/attempt-plan';
import { backoffOf, type TaskRetry } from './task/retry-options';
import type { StartTaskOptions } from './task/start-task';

/** What a defined task is started with. */
export interface StartedWith {
  /** The input as it came: JSON, or with a transformer its text. */
  storedInput: () => unknown;
  request: Request | undefined;
  params: NonNullable<StartDefinedTaskOptions['params']>;
  /** Whether the chat is known already, so that the definition is not asked for it. */
  hasChat: boolean;
  deadlineMs: number | undefined;
  /** The queue whose workers run the task. Default: this process does. */
  queued: Pick<QueuedStart, 'queue' | 'priority'> | undefined;
}

/** The work of a task that is about to start, and the chat that it is of. */
export type PlannedTask = Pick<
  StartTaskOptions,
  'execute' | 'retry' | 'chatId' | 'messageId' | 'originalMessages' | 'trigger' | 'turn'
>;

/** Of a task without `retry` whose work is stored because another process is to run it: once. */
const noRetry: TaskRetry = { attempts: 1, maxTotal: 1 };

const defaultMaxWaitMs = 86_400_000;
const defaultMaxStoredBytes = 1024 * 1024;

/** A value as JSON, and as a later attempt will read it there. */
function stored(value: unknown, name: string): { json: string | undefined; value: unknown } {
  if (value === undefined) return { json: undefined, value };
  const json = serializeFaithfully(value, name);
  return { json, value: JSON.parse(json) };
}

function checkSize(texts: readonly (string | undefined)[], maxBytes: number): void {
  const bytes = bytesBeyond(texts.join(''), maxBytes);
  if (bytes === undefined) return;
  throw new TaskError({
    code: 'input-too-large',
    message: `The input, and what the task keeps beside it, take ${bytes} bytes, and ${maxBytes} can be stored. Send less, or send where it is.`,
    details: { bytes, maxBytes },
  });
}

/**
 * Makes the work of a defined task from its checked input.
 *
 * @throws TaskError `input-too-large`, `unserializable`, and what the definition's own functions throw.
 */
export async function planTask(
  definition: PlainDefinition,
  input: unknown,
  { storedInput, request, params, hasChat, deadlineMs, queued }: StartedWith,
): Promise<PlannedTask> {
  const { queue, priority } = queued ?? {};
  const {
    retry = queue && noRetry,
    maxWaitMs = queue?.maxWaitMs ?? defaultMaxWaitMs,
    maxStoredBytes = defaultMaxStoredBytes,
  } = definition;
  const context = stored(await definition.context?.({ request, params }), 'context');
  const values = { input, context: context.value };
  const chat = hasChat ? undefined : await askChat(definition, values);
  const turn = definition.isTurn && { turn: storedInput() };
  if (!retry) {
    return { ...chat, ...turn, execute: executeOf(definition, { ...values, request, params }) };
  }
  const { json } = stored(storedInput(), 'input');
  checkSize([json, context.json], maxStoredBytes);
  const work: StoredWork = {
    ...(json !== undefined && { input: json }),
    ...(context.json !== undefined && { context: context.json }),
    version: definition.version ?? 1,
    runner: queue?.runner ?? 'any',
    attempts: retry.attempts ?? 3,
    maxTotal: retry.maxTotal ?? 100,
    maxWaitMs,
    ...(priority !== undefined && { priority }),
    ...(deadlineMs !== undefined && { deadlineMs }),
  };
  const execute = executeOf(definition, { ...values, request: undefined, params: {} });
  return { ...chat, ...turn, execute, retry: planRetry(definition, retry, work) };
}

/** How a task of a definition is attempted again. */
export function planRetry(
  definition: PlainDefinition,
  retry: TaskRetry,
  work: StoredWork,
): RetryPlan {
  const { input: schema, transformer, version = 1 } = definition;
  const parse = (json: string | undefined): unknown =>
    json === undefined ? undefined : JSON.parse(json);
  return {
    ...{ work, version, backoffMs: backoffOf(retry) },
    when: (error) => retry.when?.(error) === true,
    async again({ input: inputJson, context: contextJson }, chatId) {
      const how = { schema, transformer: inputDecoder(transformer) };
      const values = {
        input: await readInput(parse(inputJson), how),
        context: parse(contextJson),
      };
      const chat = await askChat(definition, values);
      const { originalMessages, trigger, messageId } = chat ?? {};
      return {
        execute: executeOf(definition, { ...values, request: undefined, params: {} }),
        // The chat that the task was started in may have been given by `start`.
        ...(chat?.chatId === chatId && { originalMessages, trigger, messageId }),
      };
    },
  };
}

interface Values {
  readonly input: unknown;
  readonly context: unknown;
}

// The values below are of the types that the definition itself has declared.

async function askChat({ chat }: PlainDefinition, values: Values) {
  return chat?.(values as never);
}

/** The work with what it is given beside its means. */
function executeOf(
  { execute, isTurn }: PlainDefinition,
  given: Values & Pick<StartedWith, 'request' | 'params'>,
): PlannedTask['execute'] {
  return ({ before, ...means }) =>
    execute({ ...means, ...given, ...(isTurn && { before }) } as never);
}
