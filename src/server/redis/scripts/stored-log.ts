import type { Cursor } from '../../../protocol/cursor';
import type { TaskStatus } from '../../../protocol/task-parts';
import type { KnownTask } from '../../log/known-task';
import type { LogEntry, LogPart } from '../../log/log-part';
import { decodeOptional } from './redis-keys';
import { parseAttempts, parsePlace, type StoredAttempts } from './stored-attempts';

/** A task's record, as Redis has it. */
export interface StoredRecord extends KnownTask {
  readonly status: TaskStatus;
  /** The first epoch of the log, which no other log of the task has. The next ones rise by one. */
  readonly firstEpoch: number;
  /** The epoch that is open, or the last one. */
  readonly epoch: number;
  /** The number of the last frame in `epoch`. */
  readonly end: number;
  /** One past the last frame of each closed epoch, by epoch. */
  readonly closedEpochs: Map<number, number>;
  /** Of each epoch in which an attempt went on, the last frame that stays of those before it. */
  readonly rewinds?: Map<number, Cursor>;
  /** When the task was opened, in epoch milliseconds by Redis' clock. */
  readonly openedAt?: number | undefined;
  /** Epoch milliseconds; set once settled. */
  readonly settledAt: number | undefined;
  readonly leaseMs: number;
  /** The reason of a cancel as it is stored; `undefined` when nobody asked the task to stop. */
  readonly cancel: string | undefined;
  /** Whether the task is over, and the host has yet to be told the outcome. */
  readonly isUnsaved: boolean;
  /** Whether the task is over, and nobody is left who would take it out of its chat. */
  readonly isReleased?: boolean;
  /** How many attempts were begun of a task that may be or could have been attempted again. */
  readonly attempt?: number | undefined;
  /** Set while the task may be attempted again. */
  readonly attempts?: StoredAttempts | undefined;
}

/** Whether the task is over, so that its log does not grow any more. */
export function isOver({ status }: Pick<StoredRecord, 'status'>): boolean {
  return status !== 'running' && status !== 'pending';
}

/** What a look at a task finds. */
export interface StoredLog extends LogPart {
  readonly record: StoredRecord;
  /** What is left of the producer's lease, in milliseconds; 0 once it has lapsed. */
  readonly leaseLeftMs: number;
  /** Redis' time, in epoch milliseconds. */
  readonly now: number;
}

type Reply = readonly unknown[];

function asList(value: unknown): Reply {
  return Array.isArray(value) ? value : [];
}

function parseRecord(flat: Reply): StoredRecord {
  const fields = new Map<string, string>();
  const closedEpochs = new Map<number, number>();
  const rewinds = new Map<number, Cursor>();
  for (let index = 0; index + 1 < flat.length; index += 2) {
    const name = String(flat[index]);
    const value = String(flat[index + 1]);
    if (name.startsWith('endOf')) closedEpochs.set(Number(name.slice(5)), Number(value) + 1);
    else if (name.startsWith('rewind')) rewinds.set(Number(name.slice(6)), parsePlace(value));
    else fields.set(name, value);
  }
  const numberOf = (name: string) => (fields.has(name) ? Number(fields.get(name)) : undefined);
  return {
    status: (fields.get('status') ?? 'running') as TaskStatus,
    // Logs that were opened before this field existed began at 0.
    firstEpoch: Number(fields.get('first') ?? 0),
    epoch: Number(fields.get('epoch')),
    end: Number(fields.get('end')),
    closedEpochs,
    rewinds,
    owner: decodeOptional(fields.get('owner')),
    name: decodeOptional(fields.get('name')),
    definition: decodeOptional(fields.get('definition')),
    chatId: decodeOptional(fields.get('chat')),
    createdAt: Number(fields.get('createdAt')),
    openedAt: numberOf('openedAt'),
    settledAt: numberOf('settledAt'),
    leaseMs: Number(fields.get('leaseMs')),
    cancel: fields.get('cancel'),
    isUnsaved: fields.has('unsaved'),
    isReleased: fields.has('released'),
    attempt: numberOf('attempt'),
    attempts: parseAttempts(fields),
  };
}

function parseEntry(entry: unknown): LogEntry {
  const [id, fields] = asList(entry);
  const [, first, , text] = asList(fields);
  const epoch = Number.parseInt(String(id), 10);
  return { epoch, offset: Number(first), frames: String(text).split('\n') };
}

/** Reads the reply of the `read` script; `undefined` when there is no such task. */
export function parseStoredLog(reply: unknown): StoredLog | undefined {
  const [meta, leaseLeft, now, hasMore, entries] = asList(reply);
  if (meta === undefined) return undefined;
  return {
    record: parseRecord(asList(meta)),
    leaseLeftMs: Math.max(0, Number(leaseLeft)),
    now: Number(now),
    frames: parseEntries(entries),
    hasMore: hasMore === 1,
  };
}

/**
 * Puts together what a look at a task has found, and entries that were read at about the same time, up
 * to the place `end`. `undefined` when some entries are of an epoch that the look does not know, or
 * of another log.
 */
export function withFrames(
  log: StoredLog,
  frames: readonly LogEntry[],
  end: Cursor,
): StoredLog | undefined {
  const { record } = log;
  const isOfLog = ({ epoch }: { epoch: number }) =>
    epoch >= record.firstEpoch && epoch <= record.epoch;
  if (!frames.every(isOfLog)) return undefined;
  // Without entries, `end` is where the reader begins, which may be in another log.
  if (!isOfLog(end)) return undefined;
  const hasMore = end.epoch < record.epoch || end.n <= record.end;
  // Entries may have come since the look. But a place without any says nothing of where the log ends: a
  // reader may have seen frames there that were never stored.
  const isLonger = !hasMore && frames.length > 0;
  return { ...log, record: isLonger ? { ...record, end: end.n - 1 } : record, frames, hasMore };
}

/** Reads entries of the stream. */
export function parseEntries(reply: unknown): LogEntry[] {
  return asList(reply).map(parseEntry);
}

/** The id from which on entries hold a frame and those after it. */
export function entryIdFrom({ epoch, n }: Cursor): string {
  return `${epoch}-${n + 1}`;
}
