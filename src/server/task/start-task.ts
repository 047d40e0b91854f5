import type { UIMessageChunk } from 'ai';
import { TaskError } from '../../protocol/task-error';
import { createTaskId } from '../../protocol/task-id';
import type { TaskSettlement } from '../../protocol/task-parts';
import { createMemoryStreamContext } from '../context/memory-stream-context';
import type { OpenTaskOptions, TaskLog, TaskStreamContext } from '../context/task-stream-context';
import { checkTaskId, createUnavailableError } from '../task-errors';
import { createErrorMask } from './mask-error';
import { runTask } from './run-task';
import type { ExecuteOptions, StreamTaskOptions, TaskSettleEvent } from './task-options';
import { createTaskReporter } from './task-reporter';
import { createTaskWriter, type TaskWriterCore } from './task-writer';

/** What came of the attempt to start a task. */
export type Claim =
  | { readonly kind: 'refused'; readonly error: TaskError }
  /** It exists: somebody else runs it, or ran it. */
  | { readonly kind: 'joined'; readonly context: TaskStreamContext }
  | {
      readonly kind: 'opened';
      readonly context: TaskStreamContext;
      /** Resolves with the settlement, or with `undefined` when the task was closed by others. */
      readonly settled: Promise<TaskSettlement | undefined>;
      /** Resolves once it is saved, too. Neither promise rejects. */
      readonly released: Promise<void>;
    };

/** The options that matter here, with the types of input, result and partials left behind. */
export interface StartTaskOptions
  extends Omit<
    StreamTaskOptions<never, never, Record<string, number>, never>,
    'execute' | 'input' | 'onSettle'
  > {
  execute: (options: Omit<ExecuteOptions<never, string, unknown>, 'input'>) => unknown;
  onSettle: ((event: TaskSettleEvent<unknown>) => Promise<void> | void) | undefined;
  taskId: string;
  streamContext: TaskStreamContext;
  heartbeatMs: number;
}

/** How long `onSettle` is waited for before the chat's active task is cleared. */
const maxSettleCallbackMs = 30_000;

/** The id of the message that the task writes: a continued message keeps its own. */
function messageIdOf({
  messageId,
  originalMessages,
}: Pick<StartTaskOptions, 'messageId' | 'originalMessages'>): string | undefined {
  const last = originalMessages?.at(-1);
  return last?.role === 'assistant' ? last.id : messageId;
}

/** Claims the taskId and, if it was free, runs the task. Never rejects. */
export async function startTask(options: StartTaskOptions): Promise<Claim> {
  const { taskId, name, owner, chatId, concurrent, heartbeatMs, steps, transformer } = options;
  const mask = createErrorMask(options);
  const createdAt = Date.now();
  const encode = (value: unknown) => (transformer ? transformer.stringify(value) : value);
  // Set once the log is open; nothing reports before that.
  let writer: TaskWriterCore | undefined;
  const reporter = createTaskReporter({
    taskId,
    name,
    createdAt,
    weights: steps,
    progressIntervalMs: options.progressIntervalMs ?? 100,
    encodePartial: encode,
    emit: (...chunk) => writer?.emit(...chunk),
    onProblem: mask,
  });

  const messageId = messageIdOf(options);
  const firstChunks: UIMessageChunk[] = [
    { type: 'start', ...(messageId !== undefined && { messageId }) },
    { type: 'data-task', id: taskId, data: reporter.snapshot() },
  ];
  const opened = await openLog(options, mask, {
    owner,
    name,
    chatId,
    concurrent,
    leaseMs: 2 * heartbeatMs,
    token: createTaskId(),
    frames: firstChunks.map((chunk) => JSON.stringify(chunk)),
  });
  if ('error' in opened) return { kind: 'refused', error: opened.error };
  const { context, log } = opened;
  if (!log) return { kind: 'joined', context };

  const taskWriter = createTaskWriter({ taskId, log, maskError: (error) => mask(error).message });
  writer = taskWriter;
  const outcome = runTask({
    taskId,
    createdAt,
    execute: (signal) =>
      options.execute({ task: reporter.task, writer: taskWriter.writer, signal }),
    log,
    reporter,
    writer: taskWriter,
    sendsResult: chatId === undefined || options.sendResult === true,
    encodeResult: encode,
    deadlineMs: options.deadlineMs,
    graceMs: options.graceMs ?? 5_000,
    abortSignal: options.abortSignal,
    maskError: mask,
  });
  const settled = outcome.then(({ settlement, isOurs }) => (isOurs ? settlement : undefined));
  const release = async () => {
    try {
      const settlement = await settled;
      if (settlement && options.onSettle) {
        await atMost(maxSettleCallbackMs, options.onSettle({ ...settlement, name, chatId, owner }));
      }
    } catch (error) {
      mask(error);
    }
    await log.release().catch(mask);
  };
  return { kind: 'opened', context, settled, released: release() };
}

/** Opens the log; the reason why that cannot be is returned, not thrown. */
async function openLog(
  { taskId, streamContext, whenUnavailable = 'refuse' }: StartTaskOptions,
  report: (error: unknown) => unknown,
  open: OpenTaskOptions,
): Promise<{ context: TaskStreamContext; log: TaskLog | undefined } | { error: TaskError }> {
  try {
    checkTaskId(taskId);
    return { context: streamContext, log: await streamContext.open(taskId, open) };
  } catch (cause) {
    if (TaskError.isInstance(cause) && cause.code !== 'context-unavailable') {
      return { error: cause };
    }
    const error = createUnavailableError(cause);
    report(error);
    if (whenUnavailable === 'refuse') return { error };
    const context = createMemoryStreamContext({ scope: 'unavailable' });
    return { context, log: await context.open(taskId, open) };
  }
}

/** Waits for a promise, but not longer than `ms` milliseconds. */
async function atMost(ms: number, work: Promise<void> | void): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeout = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  try {
    await Promise.race([work, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
