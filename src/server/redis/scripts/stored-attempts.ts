import type { Cursor } from '../../../protocol/cursor';
import type { AttemptStart, StoredWork } from '../../log/task-attempts';
import type { AttemptsRecord } from '../../log/task-record';
import type { RedisLink } from '../client/redis-link';
import { knownAnswer, optionalText } from './answers';
import { decodeOptional, encodeOptional, type RedisKeys } from './redis-keys';
import type { StoredRecord } from './stored-log';
import { runningTtlMs } from './stored-task';
import takeScript from './take.lua';

/** What a record says of a task that may be attempted again, until the task settles. */
export interface StoredAttempts {
  /** The work, without what is kept apart. */
  readonly work: Omit<StoredWork, 'input' | 'context'>;
  /** How many attempts were begun. */
  readonly attempt: number;
  /** How many of them since the last checkpoint, with the one that made it. */
  readonly tries: number;
  readonly freeHandOvers: number;
  /** The last of the frames that the next attempt keeps. */
  readonly startAt: Cursor;
  /** Epoch milliseconds, by Redis' clock. */
  readonly deadlineAt: number | undefined;
  /** Before which time nobody may take the task, if it waits, in epoch milliseconds by Redis' clock. */
  readonly notBefore: number | undefined;
  /** The token of whoever may write to the log. */
  readonly token: string;
  /** The token with which the log was opened. */
  readonly log: string;
  /** Whether the host has to be told of the outcome. */
  readonly savesOutcome: boolean;
}

/** Where an attempt begins. */
export interface KeptStart {
  readonly start: AttemptStart;
  /** The bytes of the frames that lie before it, which are not void. */
  readonly bytes: number;
}

/** What an attempt needs, and its process keeps for the next one. */
export interface KeptAttempts
  extends KeptStart,
    Pick<StoredAttempts, 'attempt' | 'tries' | 'freeHandOvers' | 'deadlineAt'> {
  readonly work: StoredWork;
  /** Whether this attempt has stored a checkpoint. */
  readonly hasCheckpoint?: boolean;
}

/** A frame as the record names it: `epoch-n`. */
export function parsePlace(text: string): Cursor {
  const [, epoch, n] = /^(\d+)-(-?\d+)$/.exec(text) ?? [];
  return { epoch: Number(epoch), n: Number(n) };
}

/** Reads what a record says of attempts; `undefined` for tasks that have one only. */
export function parseAttempts(fields: ReadonlyMap<string, string>): StoredAttempts | undefined {
  const work = fields.get('work');
  if (work === undefined) return undefined;
  const numberOf = (name: string) => (fields.has(name) ? Number(fields.get(name)) : undefined);
  return {
    work: JSON.parse(work) as StoredAttempts['work'],
    attempt: numberOf('attempt') ?? 0,
    tries: numberOf('tries') ?? 0,
    freeHandOvers: numberOf('freeHandOvers') ?? 0,
    startAt: parsePlace(fields.get('startAt') ?? ''),
    deadlineAt: numberOf('deadlineAt'),
    notBefore: numberOf('notBefore'),
    token: fields.get('token') ?? '',
    log: fields.get('log') ?? '',
    savesOutcome: fields.has('saves'),
  };
}

/** What is told of a task's attempts, also when it is over. */
export function attemptsRecord({ status, attempt, attempts }: StoredRecord): AttemptsRecord {
  if (attempt === undefined || !attempts) return attempt === undefined ? {} : { attempt };
  const { work, notBefore } = attempts;
  const isWaiting = status === 'pending';
  return {
    ...{ attempt, runner: work.runner, version: work.version },
    ...(work.priority !== undefined && { priority: work.priority }),
    ...(isWaiting && { isWaiting, notBefore }),
  };
}

/** The fields of a record that tell of attempts when its log begins. */
export function attemptFields(kept: KeptAttempts): Record<string, string | number> {
  const { work, attempt, tries, freeHandOvers, hasCheckpoint } = kept;
  const { input: _input, context: _context, ...told } = work;
  const counts = { attempt, tries, freeHandOvers, ...(hasCheckpoint && { checkpointOf: attempt }) };
  return { work: JSON.stringify(told), ...counts };
}

export function encodeStart({ start, bytes }: KeptStart): string {
  return JSON.stringify([start, bytes]);
}

/** The arguments of the script that opens a task, for what is kept apart from the record. */
export function attemptArgs(
  { work, deadlineAt, ...kept }: KeptAttempts,
  { startN, delayMs }: { startN: number; delayMs: number | undefined },
): (string | number)[] {
  return [
    encodeOptional(work.input),
    encodeOptional(work.context),
    encodeStart(kept),
    startN,
    delayMs ?? '',
    deadlineAt ?? '',
    work.deadlineMs ?? '',
  ];
}

interface Taking {
  readonly token: string;
  /** The task as it was read. */
  readonly record: StoredRecord;
  readonly leaseMs: number;
  /** The channel of the process that takes the task. */
  readonly home: string;
  readonly frames: readonly string[];
}

/** `again`: the caller had taken the task before. `none`: the task may not be taken, or has changed. */
type TakeAnswer =
  | { readonly answer: 'none' }
  | {
      readonly answer: 'taken' | 'again';
      readonly last: number;
      readonly epoch: number;
      readonly cancel: string | undefined;
      readonly deadlineAt: number | undefined;
      /** Redis' time, in epoch milliseconds. */
      readonly now: number;
    };

/**
 * The attempts of a task in Redis. Each method makes one call, which is made again if its answer got
 * lost.
 *
 * @throws TaskError `context-unavailable`, from each method.
 */
export interface StoredTaking {
  /** What the next attempt needs beside the record; `undefined` when it is not there. */
  fetchKept(): Promise<(KeptStart & Pick<StoredWork, 'input' | 'context'>) | undefined>;
  /** Makes the caller the task's runner, and stores the first frames of the attempt. */
  take(taking: Taking): Promise<TakeAnswer>;
}

/** Returns a function that gives access to the attempts of a task in Redis, by taskId. */
export function createStoredTakings(
  link: RedisLink,
  keys: RedisKeys,
): (taskId: string) => StoredTaking {
  return (taskId) => {
    const attemptsKey = keys.attempts(taskId);
    const takeKeys = [keys.record(taskId), keys.frames(taskId), keys.lease(taskId), attemptsKey];
    return {
      async fetchKept() {
        const words = ['HMGET', attemptsKey, 'input', 'context', 'start'];
        const reply = (await link.command(words, attemptsKey)) as readonly unknown[];
        const [input, context, encoded] = reply.map(optionalText);
        // A checkpoint alone may be left of what somebody has removed.
        if (input === undefined || encoded === undefined) return undefined;
        const [start, bytes] = JSON.parse(encoded) as [AttemptStart, number];
        return {
          input: decodeOptional(input),
          context: decodeOptional(context),
          ...{ start, bytes },
        };
      },

      async take({ token, record, leaseMs, home, frames }) {
        const args = [
          ...[token, record.epoch, record.end, leaseMs, runningTtlMs, home, keys.wakeUps(taskId)],
          ...[frames.length - 1, frames.join('\n')],
        ];
        const reply = (await link.run(takeScript, takeKeys, args)) as readonly unknown[];
        const [name, last, cancel, epoch, deadlineAt, now] = reply;
        const answer = knownAnswer(['none', 'taken', 'again'], name, link);
        if (answer === 'none') return { answer };
        return {
          answer,
          last: Number(last),
          epoch: Number(epoch),
          cancel: optionalText(cancel),
          deadlineAt: optionalText(deadlineAt) === undefined ? undefined : Number(deadlineAt),
          now: Number(now),
        };
      },
    };
  };
}
