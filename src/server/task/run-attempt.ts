import type { UIMessage, UIMessageChunk } from 'ai';
import { attemptFrames } from '../log/attempt-frames';
import type { TakenTask } from '../log/task-attempts';
import { createNotFoundError } from '../log/task-errors';
import type { TaskLog, TaskStreamContext } from '../log/task-stream-context';
import type { AttemptWork } from './attempt-plan';
import { attemptTask } from './attempt-task';
import { buildMessage } from './build-message';
import { checkpointCodec } from './checkpoint-codec';
import { createCheckpoints } from './checkpoints';
import { createMessageError, createToldMessage, finishChat } from './finished-message';
import { createHandOver } from './hand-over';
import { createInterruption } from './interruption';
import { createNestedTasks } from './nested-tasks';
import type { Opening } from './opening';
import { recallLog } from './recall-log';
import type { Reporting } from './reporting';
import { type RunOutcome, runTask } from './run-task';
import type { StartTaskOptions } from './start-task';
import type { TaskAttempt } from './task-reporter';
import { createTaskWriter } from './task-writer';
import { turnsBefore } from './turns-before';

/** What an attempt begins with. */
export interface AttemptBeginning {
  readonly log: TaskLog;
  readonly work: AttemptWork;
  readonly reporting: Reporting;
  readonly opening: Omit<Opening, 'history' | 'chunks'>;
  /** The chunks that have opened the log, where this attempt did that. */
  readonly chunks: readonly UIMessageChunk[];
  /** Set for an attempt that did not open the log. */
  readonly taken?: Pick<TakenTask, 'start' | 'last' | 'deadlineLeftMs'>;
}

/** An attempt that runs. */
export interface RunningAttempt {
  /** Never rejects. */
  readonly outcome: Promise<RunOutcome>;
  /**
   * The message of a task in a chat that this attempt has settled, and the chat's messages with it.
   *
   * @throws TaskError `message-unavailable`.
   */
  finishChat(closing: readonly string[]): ReturnType<typeof finishChat> | undefined;
}

/**
 * Runs one attempt at a task.
 *
 * @param runMs How long it may run in this process, in milliseconds. Default: for as long as it takes.
 */
export function runAttempt(
  options: StartTaskOptions,
  context: TaskStreamContext,
  { log, work, reporting, opening, chunks, taken }: AttemptBeginning,
  runMs: number | undefined,
): RunningAttempt {
  const { taskId, owner, definition, chatId, retry, graceMs = 5_000 } = options;
  const { means, mask, reporter, clock } = reporting;
  const { messageId, continued } = opening;
  const { attempt: number = 1 } = log;
  // The message is needed only by a host that saves it, and by an attempt that goes on with it.
  const isKept = opening.isInChat && (options.onSettle !== undefined || taken !== undefined);
  const told = isKept ? createToldMessage(taskId) : undefined;
  for (const chunk of chunks) told?.add(chunk, JSON.stringify(chunk));
  const writer = createTaskWriter({
    ...{ taskId, messageId, continued, log, record: told?.record },
    maskError: (error) => mask(error).message,
  });
  reporting.sendTo(writer);
  // Set once the log before this attempt has been read.
  let messageSoFar: UIMessage | undefined;
  let fault: unknown;

  const recall = async ({ start, last }: Pick<TakenTask, 'start' | 'last'>) => {
    try {
      const reader = await context.read(taskId, { owner, definition });
      if (!reader) throw createNotFoundError();
      const firstCount = attemptFrames(start, { attempt: number, now: 0 }).length;
      const onFrame = (chunk: UIMessageChunk, frame: string) => {
        told?.add(chunk, frame);
        writer.recall(chunk);
      };
      const isWhole = await recallLog({ reader, last, firstCount, onFrame });
      fault = isWhole ? told?.fault(continued) : createMessageError('its log is not whole.');
    } catch (error) {
      fault = createMessageError('its log could not be read.', error);
    }
    if (!told) return;
    if (fault) mask(fault);
    else if (start.index >= 0) {
      const message = { continued, id: taskId, chunks: told.record.chunks() };
      messageSoFar = await buildMessage(message).catch((error: unknown) => void mask(error));
    }
  };

  const sendsResult = chatId === undefined || options.sendResult === true;
  const { value } = taken?.start ?? {};
  const codec = checkpointCodec(options.transformer);
  const checkpoints = createCheckpoints({
    ...{ taskId, writer, graceMs, encode: codec.encode, flush: reporter.flush },
    from: taken?.start.index ?? -1,
    log: retry ? log : {},
    standing: () => ({ ...reporter.standing(), nested: nested.running() }),
    maxBytes: options.maxCheckpointBytes,
  });
  const { draining } = options.streamContext;
  // A task that runs in this process' memory while the storage is away is known to no other.
  const isShared = draining?.canHandOver === true && context === options.streamContext;
  const interruption = createInterruption({
    ...{ clock, draining, runMs, graceMs, signal: log.signal },
    canHandOver: retry !== undefined && isShared,
    abortSignal: options.abortSignal,
    deadlineMs: taken ? taken.deadlineLeftMs : options.deadlineMs,
    deadlineOfAllMs: options.deadlineMs,
  });
  const canPass = () => isShared || !interruption.isDraining;
  const attempt: TaskAttempt = {
    attempt: number,
    get lastCheckpoint() {
      return value === undefined ? undefined : codec.decode(value);
    },
    get messageSoFar() {
      return messageSoFar;
    },
    get isDraining() {
      return interruption.isDraining;
    },
    async checkpoint(value) {
      const isStored = await checkpoints.checkpoint(value);
      if (isStored) interruption.noteCheckpoint();
      return isStored;
    },
  };
  const nested = createNestedTasks({ means, encodeChunk: writer.encode, sendsResult, attempt });
  const outcome = runTask({
    ...{ taskId, clock, log, reporter, writer, nested, checkpoints, sendsResult, interruption },
    async execute(signal) {
      if (taken) await recall(taken);
      signal.throwIfAborted();
      const task = attemptTask(reporter.task, attempt, nested.runnerOf(taskId, signal));
      const before = turnsBefore(log, { graceMs, report: mask });
      return work.execute({ task, writer: writer.writer, signal, before });
    },
    ...(retry && { handOver: createHandOver({ retry, log, work, canPass, mask }) }),
    encodeResult: means.encode,
    maskError: mask,
  });
  return {
    outcome,
    finishChat(closing) {
      if (!told || !options.onSettle) return undefined;
      return finishChat({ ...opening, taskId, record: told.record, closing, fault });
    },
  };
}
