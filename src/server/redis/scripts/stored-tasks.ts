import { earlyCancelMs } from '../../log/early-cancels';
import { epochOrigin, newestEpoch, noteEpoch } from '../../log/epochs';
import type { RedisLink } from '../client/redis-link';
import { knownAnswer, optionalText } from './answers';
import cancelScript from './cancel.lua';
import closeScript from './close.lua';
import commitScript from './commit.lua';
import openScript from './open.lua';
import readScript from './read.lua';
import { recordFormat } from './record-format';
import { cancelField, encodeOptional, encodeReason, type RedisKeys } from './redis-keys';
import { entryIdFrom, parseEntries, parseStoredLog, type StoredRecord } from './stored-log';
import {
  cancelAnswers,
  closeAnswers,
  commitAnswers,
  type Opening,
  runningTtlMs,
  type StoredTask,
  type TaskDetails,
} from './stored-task';
import withdrawScript from './withdraw.lua';

/** About how many bytes one read brings. */
const maxReadBytes = 512 * 1024;

/** Up to how many bytes the frames of a commit are published with the news of it. */
const maxWakeUpBytes = 16 * 1024;

/** The fields of a record that never change, each followed by its value. */
function fieldsOf(details: TaskDetails): (string | number)[] {
  const { owner, name, definition, chatId, home, createdAt, leaseMs } = details;
  const { savesOutcome, continued } = details;
  const texts = { owner, name, definition, chat: chatId };
  const fields = { format: recordFormat, home, createdAt, leaseMs };
  return [
    ...Object.entries(texts).flatMap(([field, text]) => [field, encodeOptional(text)]),
    ...Object.entries(fields).flat(),
    ...(savesOutcome ? ['saves', '1'] : []),
    ...(continued === undefined ? [] : ['continued', continued]),
  ];
}

function openArgs({ token, epochs, details, frames }: Opening): (string | number)[] {
  const { owner, definition, leaseMs } = details;
  const { first, next } = epochs ?? { first: '', next: '' };
  return [
    token,
    next,
    first,
    newestEpoch(),
    epochOrigin,
    leaseMs,
    runningTtlMs,
    frames.length - 1,
    frames.join('\n'),
    cancelField({ owner }),
    cancelField({ owner, definition }),
    ...fieldsOf(details),
  ];
}

/** Returns a function that gives access to a task in Redis by taskId, whether or not it exists. */
export function createStoredTasks(
  link: RedisLink,
  keys: RedisKeys,
  {
    retentionMs,
    onLook,
  }: {
    /** How long a settled log is kept, in milliseconds. */
    retentionMs: number;
    /** Called with what each look at a task has found. */
    onLook: (taskId: string, record: StoredRecord) => void;
  },
): (taskId: string) => StoredTask {
  return (taskId) => {
    const recordKey = keys.record(taskId);
    const framesKey = keys.frames(taskId);
    const earlyCancelsKey = keys.earlyCancels(taskId);
    const taskKeys = [recordKey, framesKey, keys.lease(taskId)];
    const wakeUps = keys.wakeUps(taskId);
    const run = async (script: string, scriptKeys: string[], args: (string | number)[]) =>
      (await link.run(script, scriptKeys, args)) as readonly unknown[];

    return {
      taskId,

      async open(opening) {
        const openKeys = [...taskKeys, earlyCancelsKey];
        const [answer, last, cancel, drawn] = await run(openScript, openKeys, openArgs(opening));
        const epoch = Number(drawn ?? 0);
        noteEpoch(epoch);
        const isOpen = knownAnswer(['open', 'exists'], answer, link) === 'open';
        return { isOpen, epoch, last: Number(last), cancel: optionalText(cancel) };
      },

      async withdraw(token, details) {
        const args = [token, earlyCancelMs, cancelField(details)];
        await link.run(withdrawScript, [...taskKeys, earlyCancelsKey], args);
      },

      async commit({ token, epoch, leaseMs, entries, outcome, yieldsToCancel }) {
        const [answer, last, cancel, problem] = await run(commitScript, taskKeys, [
          token,
          epoch,
          leaseMs,
          outcome ? retentionMs : runningTtlMs,
          wakeUps,
          outcome ?? '',
          outcome ? Date.now() : '',
          yieldsToCancel ? '1' : '',
          maxWakeUpBytes,
          ...entries.flatMap(({ first, last: end, text }) => [first, end, text]),
        ]);
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
          await run(readScript, taskKeys, [from, maxReadBytes, recordFormat]),
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
            recordFormat,
          ],
        );
        return knownAnswer(cancelAnswers, reply, link);
      },

      listen: (listener) => link.listen(wakeUps, listener),

      async fetchContinued() {
        return optionalText(await link.command(['HGET', recordKey, 'continued'], recordKey));
      },

      async close({ record, readAt, waitMs }, closing) {
        const end = closing && [
          // A token that nobody has, because a task that was closed is never written to again.
          crypto.randomUUID(),
          closing.outcome,
          retentionMs,
          closing.frames.length - 1,
          closing.frames.join('\n'),
        ];
        const [answer, leftMs] = await run(closeScript, taskKeys, [
          ...[record.epoch, record.end, waitMs, readAt],
          record.cancel ?? '',
          wakeUps,
          ...(end ?? []),
        ]);
        return { answer: knownAnswer(closeAnswers, answer, link), waitMs: Number(leftMs) };
      },
    };
  };
}
