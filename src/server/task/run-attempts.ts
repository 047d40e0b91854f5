import type { TaskSettlement } from '../../protocol/task-parts';
import type { TaskStreamContext } from '../log/task-stream-context';
import { beginAgain } from './begin-again';
import { deliverOutcome } from './deliver-outcome';
import { type AttemptBeginning, type RunningAttempt, runAttempt } from './run-attempt';
import type { RunTime } from './run-time';
import { countRunning } from './running-tasks';
import type { RunSettled } from './settle-task';
import type { StartTaskOptions } from './start-task';
import { takeAgain } from './take-again';
import { tellHost } from './tell-host';
import { turnsBefore } from './turns-before';

/** How a task ends that this process runs. Neither promise rejects. */
export interface TaskEnd {
  /** Resolves with the settlement, or with `undefined` when the task was closed or taken by others. */
  readonly settled: Promise<TaskSettlement | undefined>;
  /** Resolves once the outcome is saved, too. */
  readonly released: Promise<void>;
}

/** How this process' part in a task ended: with an outcome, unless the task is somebody else's now. */
interface LastAttempt {
  readonly beginning: AttemptBeginning;
  readonly run: RunningAttempt;
  readonly outcome: RunSettled | undefined;
}

/**
 * Runs a task, and attempts it again as often as it may and needs to be.
 *
 * @param runTime The time that this process has for it.
 */
export function runAttempts(
  options: StartTaskOptions,
  context: TaskStreamContext,
  first: AttemptBeginning,
  runTime: RunTime,
): TaskEnd {
  const end = countRunning(options.streamContext, options.taskId);
  const ended = attempt(options, context, first, runTime).finally(end);
  const settled = ended.then(({ outcome }) => (outcome?.isOurs ? outcome.settlement : undefined));
  return { settled, released: ended.then((last) => release(options, context, last)) };
}

async function attempt(
  options: StartTaskOptions,
  context: TaskStreamContext,
  first: AttemptBeginning,
  runTime: RunTime,
): Promise<LastAttempt> {
  const { taskId, owner, definition = '', retry, heartbeatMs, graceMs, abortSignal } = options;
  const { draining } = options.streamContext;
  // Whether this process may make another attempt; else the task is left to others.
  const mayGoOn = () => !draining?.begun.aborted && runTime.allowsAnother();
  for (let beginning = first; ; ) {
    const run = runAttempt(options, context, beginning, runTime.forAttempt());
    const outcome = await run.outcome;
    if (outcome.kind === 'settled') return { beginning, run, outcome };
    const { delayMs, leavesBy } = outcome;
    if (leavesBy === 'run-time') runTime.noteOver();
    if (!retry || delayMs === undefined || !mayGoOn()) {
      return { beginning, run, outcome: undefined };
    }
    const { runner } = retry.work;
    const taken = await takeAgain({
      ...{ context, taskId, owner, definition, delayMs, abortSignal, draining, mayGoOn },
      take: { runner, version: retry.version, leaseMs: 2 * heartbeatMs, graceMs },
      report: beginning.reporting.mask,
    });
    const next = taken && (await beginAgain(options, retry, taken));
    if (!next) return { beginning, run, outcome: undefined };
    beginning = next;
  }
}

/** Tells the host the outcome, and the storage that the task needs nothing more. */
async function release(
  options: StartTaskOptions,
  context: TaskStreamContext,
  { beginning, run, outcome }: LastAttempt,
): Promise<void> {
  const { log, reporting } = beginning;
  const { mask } = reporting;
  const { onSettle, graceMs } = options;
  if (outcome?.isOurs && onSettle) {
    // The turns of a chat are saved in their order.
    await turnsBefore(log, { graceMs, report: mask }).saved();
    await tellHost({
      tell: () => tell(options, { beginning, run, outcome, onSettle, report: mask }),
      release: (how) => log.release(how),
      report: mask,
    });
    return;
  }
  // Without a settlement, others have closed the task, and they tell the host the outcome.
  await log.release().catch(mask);
  if (onSettle && !outcome) await tellOfClosed(options, context, mask).catch(mask);
}

async function tell(
  { name, chatId, owner, turn }: StartTaskOptions,
  {
    beginning: { log, opening },
    run,
    outcome,
    onSettle,
    report,
  }: {
    beginning: AttemptBeginning;
    run: RunningAttempt;
    outcome: RunSettled;
    onSettle: NonNullable<StartTaskOptions['onSettle']>;
    report: (error: unknown) => unknown;
  },
): Promise<void> {
  const { settlement, closing, isStored } = outcome;
  const saved = await run.finishChat(closing)?.catch((error: unknown) => void report(error));
  await onSettle({
    ...{ ...settlement, name, chatId, owner, isRecovered: false },
    isStored: isStored && (log.isStored ?? true),
    ...saved,
    ...(turn !== undefined && { turn, continued: opening.continued }),
  });
}

/** Tells the host the outcome of a task that was closed while it waited: nobody else ran it. */
async function tellOfClosed(
  { taskId, owner, onSettle }: StartTaskOptions,
  context: TaskStreamContext,
  report: (error: unknown) => void,
): Promise<void> {
  const record = await context.inspect(taskId);
  if (!onSettle || !record?.isUnsaved) return;
  await deliverOutcome({ context, taskId, owner, onSettle, onError: report });
}
