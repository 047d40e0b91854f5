import { earlyCancelMs } from '../../log/early-cancels';
import { epochOrigin, newestEpoch, noteEpoch } from '../../log/epochs';
import type { RedisLink } from '../client/redis-link';
import { knownAnswer, optionalText } from './answers';
import cancelScript from './cancel.lua';
import closeScript from './close.lua';
import commitScript from './commit.lua';
import endWaitingScript from './end-waiting.lua';
import openScript from './open.lua';
import readScript from './read.lua';
import { formatOf, knownFormat } from './record-format';
import { cancelField, encodeOptional, encodeReason, type RedisKeys } from './redis-keys';
import { attemptArgs, attemptFields, encodeStart } from './stored-attempts';
import { entryIdFrom, parseEntries, parseStoredLog, type StoredRecord } from './stored-log';
import {
  type Closing,
  type Commit,
  cancelAnswers,
  closeAnswers,
  commitAnswers,
  type Opening,
  runningTtlMs,
  type StoredTask,
} from './stored-task';
import withdrawScript from './withdraw.lua';

/** About how many bytes one read brings. */
const maxReadBytes = 512 * 1024;

/** Up to how many bytes the frames of a commit are published with the news of it. */
const maxWakeUpBytes = 16 * 1024;

/** The fields of a record that never change, each followed by its value. */
function fieldsOf({ details, kept, token, log = token }: Opening): (string | number)[] {
  const { owner, name, definition, chatId, home, createdAt, leaseMs } = details;
  const { savesOutcome, continued } = details;
  const texts = { owner, name, definition, chat: chatId };
  const fields = { format: formatOf({ work: kept?.work }), home, createdAt, leaseMs };
  return [
    ...Object.entries(texts).flatMap(([field, text]) => [field, encodeOptional(text)]),
    ...Object.entries(fields).flat(),
    ...(savesOutcome ? ['saves', '1'] : []),
    ...(continued === undefined ? [] : ['continued', continued]),
    ...(kept ? Object.entries(attemptFields(kept)).flat() : []),
    // The later value of a field counts.
    ...(log === token ? [] : ['log', log]),
  ];
}

function openArgs(opening: Opening, retentionMs: number): (string | number)[] {
  const { token, epochs, details, frames, kept, startN = 0, delayMs } = opening;
  const { owner, definition, leaseMs } = details;
  const { first, next } = epochs ?? { first: '', next: '' };
  // A task that waits gives no sign by which its record would be kept for longer.
  const waitMs = kept && delayMs !== undefined ? delayMs + kept.work.maxWaitMs : undefined;
  return [
    token,
    next,
    first,
    newestEpoch(),
    epochOrigin,
    leaseMs,
    waitMs === undefined ? runningTtlMs : waitMs + retentionMs,
    frames.length - 1,
    frames.join('\n'),
    cancelField({ owner }),
    cancelField({ owner, definition }),
    ...(kept ? attemptArgs(kept, { startN, delayMs }) : []),
    ...fieldsOf(opening),
  ];
}

function commitArgs(
  { token, epoch, leaseMs, entries, outcome, yieldsToCancel, checkpoint, handOver }: Commit,
  { retentionMs, wakeUps }: { retentionMs: number; wakeUps: string },
): (string | number)[] {
  return [
    token,
    epoch,
    leaseMs,
    outcome || handOver ? retentionMs : runningTtlMs,
    wakeUps,
    outcome ?? '',
    outcome ? Date.now() : '',
    yieldsToCancel ? '1' : '',
    maxWakeUpBytes,
    ...entries.flatMap(({ first, last, text }) => [first, last, text]),
    ...(checkpoint ? ['checkpoint', checkpoint.n, encodeStart(checkpoint)] : []),
    ...(handOver ? ['handOver', handOver.delayMs, handOver.maxFree] : []),
  ];
}

/** The arguments with which a task is closed, from the token on. */
function closingArgs({ outcome, frames }: Closing, retentionMs: number): (string | number)[] {
  // A token that nobody has, because a task that was closed is never written to again.
  const token = crypto.randomUUID();
  return [token, outcome, retentionMs, frames.length - 1, frames.join('\n')];
}

/** Returns a function that gives access to a task in Redis by taskId, whether or not it exists. */
export function createStoredTasks(
  link: RedisLink,
  keys: RedisKeys,
  {
    retentionMs,
    onLook,
    onWaiting,
  }: {
    /** How long a settled log is kept, in milliseconds. */
    retentionMs: number;
    /** Called with what each look at a task has found. */
    onLook: (taskId: string, record: StoredRecord) => void;
    /** Called when a task whose process was lost waits for another one, with what it was before. */
    onWaiting: (taskId: string, record: StoredRecord) => void;
  },
): (taskId: string) => StoredTask {
  return (taskId) => {
    const recordKey = keys.record(taskId);
    const framesKey = keys.frames(taskId);
    const earlyCancelsKey = keys.earlyCancels(taskId);
    const attemptsKey = keys.attempts(taskId);
    const taskKeys = [recordKey, framesKey, keys.lease(taskId)];
    /** The keys of the task, with that of a task that may be attempted again. */
    const keysOf = (isKept: boolean, ...others: string[]) =>
      isKept ? [...taskKeys, ...others, attemptsKey] : [...taskKeys, ...others];
    const wakeUps = keys.wakeUps(taskId);
    const run = async (script: string, scriptKeys: string[], args: (string | number)[]) =>
      (await link.run(script, scriptKeys, args)) as readonly unknown[];

    return {
      taskId,

      async open(opening) {
        const openKeys = keysOf(opening.kept !== undefined, earlyCancelsKey);
        const reply = await run(openScript, openKeys, openArgs(opening, retentionMs));
        const [answer, last, cancel, drawn, deadline] = reply;
        const deadlineAt = optionalText(deadline);
        const epoch = Number(drawn ?? 0);
        noteEpoch(epoch);
        const known = knownAnswer(['open', 'over', 'exists'], answer, link);
        return {
          ...{ isOpen: known === 'open', isOver: known === 'over' },
          ...{ epoch, last: Number(last), cancel: optionalText(cancel) },
          deadlineAt: deadlineAt === undefined ? undefined : Number(deadlineAt),
        };
      },

      async withdraw({ token, details, kept }) {
        const args = [token, earlyCancelMs, cancelField(details)];
        const withdrawKeys = keysOf(kept !== undefined, earlyCancelsKey);
        return Number(await link.run(withdrawScript, withdrawKeys, args)) === 1;
      },

      async commit(commit) {
        const args = commitArgs(commit, { retentionMs, wakeUps });
        const reply = await run(commitScript, keysOf(commit.isKept), args);
        const [answer, last, cancel, problem] = reply;
        return {
          answer: knownAnswer(commitAnswers, answer, link),
          last: Number(last ?? -1),
          cancel: optionalText(cancel),
          problem: answer === 'refused' ? link.report(new Error(String(problem))) : undefined,
        };
      },

      async fetchLog(position) {
        const from = position ? entryIdFrom(position) : '';
        const log = parseStoredLog(
          await run(readScript, taskKeys, [from, maxReadBytes, knownFormat]),
        );
        if (!log) return undefined;
        noteEpoch(log.record.epoch);
        onLook(taskId, log.record);
        return log;
      },

      async fetchPage(position, count) {
        const words = ['XRANGE', framesKey, entryIdFrom(position), '+', 'COUNT', String(count)];
        return parseEntries(await link.command(words, framesKey));
      },

      async cancel({ owner, definition, reason }) {
        const reply = await link.run(
          cancelScript,
          [recordKey, earlyCancelsKey],
          [
            encodeOptional(owner),
            encodeReason(reason),
            earlyCancelMs,
            taskId,
            encodeOptional(definition),
            cancelField({ owner, definition }),
            knownFormat,
          ],
        );
        return knownAnswer(cancelAnswers, reply, link);
      },

      listen: (listener) => link.listen(wakeUps, listener),

      async fetchContinued() {
        return optionalText(await link.command(['HGET', recordKey, 'continued'], recordKey));
      },

      async close({ record, readAt, waitMs }, next) {
        const { epoch, end, cancel = '', attempts } = record;
        const keptMs = retentionMs + (attempts?.work.maxWaitMs ?? 0);
        const waiting = [crypto.randomUUID(), 'pending', keptMs];
        const [answer, leftMs] = await run(closeScript, keysOf(attempts !== undefined), [
          ...[epoch, end, waitMs, readAt, cancel, wakeUps],
          ...(next === 'waits' ? waiting : next ? closingArgs(next, retentionMs) : []),
        ]);
        const known = knownAnswer(closeAnswers, answer, link);
        if (next === 'waits' && known === 'closed') onWaiting(taskId, record);
        return { answer: known, waitMs: Number(leftMs) };
      },

      async endWaiting({ epoch, end, cancel = '' }, closing) {
        const scriptKeys = [recordKey, framesKey, attemptsKey];
        const args = [epoch, end, cancel, wakeUps, ...closingArgs(closing, retentionMs)];
        const answer = await link.run(endWaitingScript, scriptKeys, args);
        return knownAnswer(['closed', 'changed'], answer, link) === 'closed';
      },
    };
  };
}
