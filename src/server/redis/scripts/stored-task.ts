import type { Cursor } from '../../../protocol/cursor';
import type { TaskError } from '../../../protocol/task-error';
import type { TaskOutcome } from '../../../protocol/task-parts';
import { earlyCancelMs } from '../../log/early-cancels';
import { newestEpoch, noteEpoch } from '../../log/epochs';
import type { GapCause } from '../../log/frame-gap';
import type { CancelOptions } from '../../log/task-stream-context';
import type { RedisLink, RedisScript } from '../client/redis-link';
import { cancelField, encodeOptional, encodeReason, type RedisKeys } from './redis-keys';
import {
  cancelScript,
  closeScript,
  commitScript,
  openScript,
  readScript,
  withdrawScript,
} from './redis-scripts';
import {
  entryIdFrom,
  parseEntries,
  parseStoredLog,
  type StoredFrames,
  type StoredLog,
  type StoredRecord,
} from './stored-log';

/** What a task's record says of it from the start. Milliseconds, and since the epoch. */
export interface TaskDetails
  extends Pick<StoredRecord, 'owner' | 'name' | 'definition' | 'chatId' | 'createdAt' | 'leaseMs'> {
  /** The channel of the process where the task runs. */
  readonly home: string;
  /** Whether the host has to be told of the outcome. */
  readonly savesOutcome: boolean;
  /** The message that the task continues, as JSON, for whoever tells in the producer's place. */
  readonly continued: string | undefined;
}

/** The beginning of a log. */
interface Opening {
  readonly token: string;
  /** Set when a log that the storage has lost is begun anew: its first epoch, and its next one. */
  readonly epochs?: { readonly first: number; readonly next: number };
  readonly details: TaskDetails;
  readonly ttlMs: number;
  readonly frames: readonly string[];
}

interface OpenAnswer {
  /** Whether the log is the caller's; else it is somebody else's. */
  readonly isOpen: boolean;
  /** Of a log that is the caller's. */
  readonly epoch: number;
  /** Where it ends: further on than it began if this was asked again. */
  readonly last: number;
  readonly cancel: string | undefined;
}

/** A part of the log to be stored in one piece. */
export interface Entry {
  readonly first: number;
  readonly last: number;
  /** One frame per line. */
  readonly text: string;
  /** Set when this stands for frames that are not kept: `text` takes the place of the last ones. */
  readonly gap: GapCause | undefined;
}

interface Commit {
  readonly token: string;
  readonly epoch: number;
  readonly leaseMs: number;
  readonly ttlMs: number;
  readonly entries: readonly Entry[];
  /** Set when this is all, and settles the task. */
  readonly outcome: TaskOutcome | undefined;
  /** Whether a cancel that was accepted before keeps it from settling. */
  readonly yieldsToCancel: boolean;
}

/**
 * `refused` comes with why. `behind`: the log ends before the first entry. `gone`: there is no log.
 * `fenced`: it is not the caller's any more. `cancelled`: it would have settled, but a cancel was
 * accepted before.
 */
interface CommitAnswer {
  readonly answer: 'stored' | 'behind' | 'refused' | 'gone' | 'fenced' | 'cancelled';
  /** Where the log ends now; of a log that is the caller's. */
  readonly last: number;
  readonly cancel: string | undefined;
  readonly problem: TaskError | undefined;
}

/** What was known of a task whose lease has lapsed. */
interface Lapse {
  readonly record: StoredRecord;
  /** Redis' time when that was read. */
  readonly readAt: number;
  /** How long it stays suspect before it can be closed, in milliseconds. */
  readonly waitMs: number;
}

interface Closing {
  readonly outcome: TaskOutcome;
  readonly frames: readonly string[];
  readonly retentionMs: number;
}

/** `wait` comes with how many milliseconds; `changed`: it is not as it was known to be. */
interface CloseAnswer {
  readonly answer: 'wait' | 'ready' | 'changed' | 'closed';
  readonly waitMs: number;
}

/** The two ways to read from a position on. */
export interface HistorySource {
  /** Looks at the task; without a position, at its record only. */
  fetchLog: (position?: Cursor) => Promise<StoredLog | undefined>;
  /** Reads entries alone, by Redis' own command: in half the time that they take through a script. */
  fetchPage: (position: Cursor, count: number) => Promise<StoredFrames[]>;
}

/**
 * A task as Redis has it. Each method is one call, which is made again if its answer got lost.
 *
 * @throws TaskError `context-unavailable`, from each of them.
 */
export interface StoredTask extends HistorySource {
  /** Claims a task, or begins its log anew. */
  open(opening: Opening): Promise<OpenAnswer>;
  /** Takes back a claim, so that another may have the id; a cancel that was asked for is kept. */
  withdraw(token: string, details: TaskDetails): Promise<void>;
  /** Stores entries and renews the lease. */
  commit(commit: Commit): Promise<CommitAnswer>;
  /**
   * Asks the task to stop. `kept`: it is not open yet. `refused`: it is over, or the asker's not to
   * know.
   */
  cancel(options: CancelOptions): Promise<'asked' | 'kept' | 'refused'>;
  /** The message that the task continues, as JSON, if it was kept. */
  fetchContinued(): Promise<string | undefined>;
  /** Marks a task as suspect or, with what is to be its end, closes it. */
  close(lapse: Lapse, closing?: Closing): Promise<CloseAnswer>;
}

/** One read brings about so many bytes. */
const maxReadBytes = 512 * 1024;

const commitAnswers: Record<string, CommitAnswer['answer']> = {
  OK: 'stored',
  BEHIND: 'behind',
  STORE: 'refused',
  GONE: 'gone',
  CANCELLED: 'cancelled',
};

const cancelAnswers = ['refused', 'asked', 'kept'] as const;

const closeAnswers: Record<string, CloseAnswer['answer']> = {
  WAIT: 'wait',
  READY: 'ready',
  CLOSED: 'closed',
};

function optionalText(stored: unknown): string | undefined {
  return typeof stored === 'string' ? stored : undefined;
}

/** Gives the tasks that are kept in Redis, by their ids; whether they exist is another question. */
export function createStoredTasks(
  link: RedisLink,
  keys: RedisKeys,
  /** Told what each look at a task has found. */
  onLook: (taskId: string, record: StoredRecord) => void,
): (taskId: string) => StoredTask {
  return (taskId) => {
    const recordKey = keys.record(taskId);
    const framesKey = keys.frames(taskId);
    const earlyCancelsKey = keys.earlyCancels(taskId);
    const taskKeys = [recordKey, framesKey, keys.lease(taskId)];
    const wakeUps = keys.wakeUps(taskId);
    const run = async (script: RedisScript, scriptKeys: string[], args: string[]) =>
      (await link.run(script, scriptKeys, args)) as readonly unknown[];

    return {
      async open({ token, epochs, details, ttlMs, frames }) {
        const { owner, name, definition, chatId, home, createdAt, leaseMs } = details;
        const { savesOutcome, continued } = details;
        const { first, next } = epochs ?? { first: 0, next: 0 };
        const more = {
          ...(definition !== undefined && { definition: encodeOptional(definition) }),
          ...(savesOutcome && { saves: '1' }),
          ...(continued !== undefined && { continued }),
        };
        const [answer, last, cancel, drawn] = await run(
          openScript,
          [...taskKeys, earlyCancelsKey],
          [
            token,
            epochs ? String(next) : '',
            epochs ? String(first) : '',
            String(newestEpoch()),
            // Nothing is known any more of where they ended.
            Array.from({ length: next - first }, (_, ended) => `${first + ended}=-1`).join(','),
            encodeOptional(owner),
            encodeOptional(name),
            encodeOptional(chatId),
            home,
            String(createdAt),
            String(leaseMs),
            String(ttlMs),
            String(frames.length - 1),
            frames.join('\n'),
            cancelField({ owner }),
            cancelField({ owner, definition }),
            ...Object.entries(more).flat(),
          ],
        );
        const epoch = Number(drawn ?? 0);
        noteEpoch(epoch);
        const isOpen = answer === 'OPEN';
        return { isOpen, epoch, last: Number(last), cancel: optionalText(cancel) };
      },

      async withdraw(token, details) {
        const args = [token, String(earlyCancelMs), cancelField(details)];
        await link.run(withdrawScript, [...taskKeys, earlyCancelsKey], args);
      },

      async commit({ token, epoch, leaseMs, ttlMs, entries, outcome, yieldsToCancel }) {
        const [answer, last, cancel, problem] = await run(commitScript, taskKeys, [
          token,
          String(epoch),
          String(leaseMs),
          String(ttlMs),
          wakeUps,
          outcome ?? '',
          outcome ? String(Date.now()) : '',
          yieldsToCancel ? '1' : '',
          ...entries.flatMap(({ first, last: end, text, gap = '' }) => [
            String(first),
            String(end),
            gap,
            text,
          ]),
        ]);
        return {
          answer: commitAnswers[String(answer)] ?? 'fenced',
          last: Number(last),
          cancel: optionalText(cancel),
          problem: answer === 'STORE' ? link.report(new Error(String(problem))) : undefined,
        };
      },

      async fetchLog(position) {
        const from = position ? entryIdFrom(position) : '';
        const log = parseStoredLog(await run(readScript, taskKeys, [from, String(maxReadBytes)]));
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
            String(earlyCancelMs),
            taskId,
            encodeOptional(definition),
            cancelField({ owner, definition }),
          ],
        );
        return cancelAnswers[Number(reply)] ?? 'refused';
      },

      async fetchContinued() {
        return optionalText(await link.command(['HGET', recordKey, 'continued'], recordKey));
      },

      async close({ record, readAt, waitMs }, closing) {
        const end = closing && [
          // Nobody has it: whoever closes a task never writes again.
          crypto.randomUUID(),
          closing.outcome,
          String(closing.retentionMs),
          String(closing.frames.length - 1),
          closing.frames.join('\n'),
        ];
        const [answer, leftMs] = await run(closeScript, taskKeys, [
          ...[record.epoch, record.end, waitMs, readAt].map(String),
          record.cancel ?? '',
          wakeUps,
          ...(end ?? []),
        ]);
        return { answer: closeAnswers[String(answer)] ?? 'changed', waitMs: Number(leftMs) };
      },
    };
  };
}
