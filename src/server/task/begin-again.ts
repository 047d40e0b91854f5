import { TaskError } from '../../protocol/task-error';
import { defined } from '../log/defined';
import { decodeKeptTurn } from '../log/kept-turn';
import type { TakenTask } from '../log/task-attempts';
import type { AttemptWork, RetryPlan } from './attempt-plan';
import { checkMessages } from './check-messages';
import { createReporting } from './reporting';
import type { AttemptBeginning } from './run-attempt';
import type { StartTaskOptions } from './start-task';

/** How long a stored input that does not fit here is left to processes of its own version. */
const leaveMs = 5_000;

/**
 * Begins a later attempt at a task that this process has taken. Resolves with `undefined` when the
 * task was left to others: its input does not fit any more, and was stored by an earlier version of
 * the definition, which other processes may still have.
 */
export async function beginAgain(
  options: StartTaskOptions,
  retry: RetryPlan,
  taken: TakenTask,
): Promise<AttemptBeginning | undefined> {
  const { log, start } = taken;
  const work = await workOf(retry, taken);
  if (work.isFinal && taken.work.version < retry.version) {
    const answer = await log.handOver?.({ delayMs: leaveMs, isFree: true });
    if (answer === 'waiting' || answer === 'closed') return undefined;
  }
  const reporting = createReporting(options, { attempt: log.attempt ?? 1, before: start });
  return { log, work, reporting, opening: openingAgain(options, work, taken), chunks: [], taken };
}

async function workOf(
  { again }: RetryPlan,
  { work: stored, chatId }: TakenTask,
): Promise<AttemptWork> {
  try {
    const work = await again(stored, chatId);
    checkMessages(work.originalMessages);
    return work;
  } catch (error) {
    const isFinal = TaskError.isInstance(error) && error.code === 'invalid-input';
    return {
      execute() {
        throw error;
      },
      isFinal,
    };
  }
}

/** What the first attempt has begun the message with, as far as a later one has to know. */
function openingAgain(
  options: StartTaskOptions,
  work: AttemptWork,
  taken: TakenTask,
): AttemptBeginning['opening'] {
  const { originalMessages, trigger, messageId } = { ...options, ...defined(work) };
  const isAnew = trigger === 'regenerate-message';
  const last = originalMessages?.at(-1);
  const isContinuation = last?.role === 'assistant' && !isAnew;
  const continued = decodeKeptTurn(taken.continued).message ?? (isContinuation ? last : undefined);
  const isInChat =
    taken.chatId !== undefined || originalMessages !== undefined || continued !== undefined;
  return {
    isInChat,
    messageId: continued?.id ?? messageId ?? (isInChat ? options.taskId : undefined),
    continued,
    others: originalMessages?.slice(0, isContinuation ? -1 : undefined) ?? [],
  };
}
