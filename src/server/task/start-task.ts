import { TaskError } from '../../protocol/task-error';
import { createTaskId } from '../../protocol/task-id';
import type { TaskSettlement } from '../../protocol/task-parts';
import { checkTaskId, createUnavailableError, isForClients } from '../log/task-errors';
import type { OpenTaskOptions, TaskLog, TaskStreamContext } from '../log/task-stream-context';
import { atMost } from '../time/at-most';
import { createMessagesError } from './check-messages';
import { createTaskReporter, type ReportingMeans } from './create-task-reporter';
import { finishChat } from './finished-message';
import { createErrorMask } from './mask-error';
import { createMessageRecord } from './message-record';
import { createNestedTasks } from './nested-tasks';
import { openingOf } from './opening';
import { runTask } from './run-task';
import { createTaskClock } from './task-clock';
import type { ExecuteOptions, StreamTaskOptions, TaskSettleEvent } from './task-options';
import { createTaskWriter, type TaskWriterCore } from './task-writer';
import { maxTellMs, tellHost } from './tell-host';

/** What came of the attempt to start a task. */
export type Claim =
  | { readonly kind: 'refused'; readonly error: TaskError }
  /** The task exists already: somebody else runs it, or ran it. */
  | {
      readonly kind: 'joined';
      readonly context: TaskStreamContext;
      /** How many frames the page that asked has already: those of the message that it continues. */
      readonly skip: number;
    }
  | {
      readonly kind: 'opened';
      readonly context: TaskStreamContext;
      readonly skip: number;
      /** The claim token. */
      readonly token: string;
      /** Resolves with the settlement, or with `undefined` when the task was closed by others. */
      readonly settled: Promise<TaskSettlement | undefined>;
      /** Resolves once the outcome is saved, too. Neither promise rejects. */
      readonly released: Promise<void>;
    };

/** The options of a task that is started, without the types of its input, result and partials. */
export interface StartTaskOptions
  extends Omit<
    StreamTaskOptions<never, never, Record<string, number>, never>,
    'execute' | 'input' | 'onSettle' | 'streamContext'
  > {
  execute: (options: Omit<ExecuteOptions<never, string, unknown>, 'input'>) => unknown;
  onSettle: ((event: TaskSettleEvent<unknown>) => Promise<void> | void) | undefined;
  taskId: string;
  /** The name of the task's definition, if it has one. Tasks of other definitions are not joined. */
  definition: string | undefined;
  streamContext: TaskStreamContext;
  /** Makes the context to run the task in while the storage is away, where the host allows that. */
  createFallback: () => TaskStreamContext;
  heartbeatMs: number;
}

/** Claims the taskId and, if it was free, runs the task. Never rejects. */
export async function startTask(options: StartTaskOptions): Promise<Claim> {
  const { taskId, name, owner, chatId, concurrent, heartbeatMs, steps, transformer } = options;
  const { progressIntervalMs = 100 } = options;
  const mask = createErrorMask(options);
  const clock = createTaskClock();
  // Set once the log is open. The reporter is not used before that.
  let writer: TaskWriterCore | undefined;
  const means: ReportingMeans = {
    now: clock.now,
    progressIntervalMs,
    encode: (value) => (transformer ? transformer.stringify(value) : value),
    emit: (...chunk) => writer?.emit(...chunk),
    mask,
  };
  const about = { taskId, name, createdAt: clock.startedAt, weights: steps };
  const reporter = createTaskReporter({ ...means, ...about });

  const token = createTaskId();
  const opening = await openingOf(options, {
    type: 'data-task',
    id: taskId,
    data: reporter.snapshot(),
  }).catch(createMessagesError);
  if (TaskError.isInstance(opening)) return { kind: 'refused', error: opening };
  const { history, chunks, messageId, continued } = opening;
  const skip = history.length;
  const opened = await openLog(options, mask, {
    owner,
    name,
    definition: options.definition,
    chatId,
    concurrent,
    leaseMs: 2 * heartbeatMs,
    graceMs: options.graceMs,
    token,
    frames: [...history, ...chunks].map((chunk) => JSON.stringify(chunk)),
    ...(options.onSettle && { savesOutcome: true }),
    ...(options.onSettle && continued && { continued: JSON.stringify(continued) }),
  });
  if ('error' in opened) return { kind: 'refused', error: opened.error };
  const { context, log } = opened;
  if (!log) return { kind: 'joined', context, skip };

  // The message is needed only by a host that saves it.
  const record = options.onSettle && opening.isInChat ? createMessageRecord() : undefined;
  for (const chunk of chunks) record?.add(chunk, JSON.stringify(chunk));
  const taskWriter = createTaskWriter({
    taskId,
    messageId,
    continued,
    log,
    record,
    maskError: (error) => mask(error).message,
  });
  writer = taskWriter;
  const sendsResult = chatId === undefined || options.sendResult === true;
  const nested = createNestedTasks({ means, encodeChunk: taskWriter.encode, sendsResult });
  const outcome = runTask({
    taskId,
    clock,
    execute: (signal) =>
      options.execute({
        task: { ...reporter.task, run: nested.runnerOf(taskId, signal) },
        writer: taskWriter.writer,
        signal,
      }),
    log,
    reporter,
    writer: taskWriter,
    nested,
    sendsResult,
    encodeResult: means.encode,
    deadlineMs: options.deadlineMs,
    graceMs: options.graceMs ?? 5_000,
    abortSignal: options.abortSignal,
    maskError: mask,
  });
  const settled = outcome.then(({ settlement, isOurs }) => (isOurs ? settlement : undefined));
  const tell = async (settlement: TaskSettlement) => {
    const { closing, isStored } = await outcome;
    const finishing = record && finishChat({ ...opening, taskId, record, closing });
    const saved = await finishing?.catch((error: unknown) => void mask(error));
    await options.onSettle?.({
      ...{ ...settlement, name, chatId, owner, isRecovered: false },
      isStored: isStored && (log.isStored ?? true),
      ...saved,
    });
  };
  const release = async () => {
    const settlement = await settled;
    // Without a settlement, others have closed the task, and they tell the host the outcome.
    if (!settlement || !options.onSettle) await log.release().catch(mask);
    else {
      // The turns of a chat are saved in their order. The turns before this one were told to stop.
      const maxWaitMs = (options.graceMs ?? 5_000) + maxTellMs;
      if (log.predecessorsSaved) await atMost(maxWaitMs, log.predecessorsSaved().catch(mask));
      const end = (how: { isSaved: boolean }) => log.release(how);
      await tellHost({ tell: () => tell(settlement), release: end, report: mask });
    }
  };
  return { kind: 'opened', context, skip, token, settled, released: release() };
}

/** Opens the log. When it cannot be opened, the error is returned and not thrown. */
async function openLog(
  { taskId, streamContext, createFallback, whenUnavailable = 'refuse' }: StartTaskOptions,
  report: (error: unknown) => unknown,
  open: OpenTaskOptions,
): Promise<{ context: TaskStreamContext; log: TaskLog | undefined } | { error: TaskError }> {
  try {
    checkTaskId(taskId);
    return { context: streamContext, log: await streamContext.open(taskId, open) };
  } catch (cause) {
    if (TaskError.isInstance(cause) && cause.code !== 'context-unavailable') {
      if (!isForClients(cause)) report(cause);
      return { error: cause };
    }
    const error = createUnavailableError(cause);
    report(error);
    if (whenUnavailable === 'refuse') return { error };
    const context = createFallback();
    const log = await context.open(taskId, open);
    // A task in the fallback context is unknown to the host's own storage.
    return { context, log: log && { ...log, isStored: false } };
  }
}
