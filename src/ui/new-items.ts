import { isAnotherLog } from '../protocol/another-log';
import type { TaskLogData } from '../protocol/task-parts';
import type { TaskState } from '../protocol/task-state';
import type { ReceivedChunk } from './follow-task';

/** The log lines and partial results that somebody has to be told of. */
export interface NewItems<Value> {
  readonly logs: readonly TaskLogData[];
  readonly partials: readonly Value[];
  /** The index of the first of these partial results. */
  readonly partialIndex: number;
}

/**
 * Returns what finds the items to tell after chunks were taken in. Each index is told once, also
 * when the next attempt of the task makes an item of the same index again; all of them are told
 * again when the task was begun anew.
 */
export function createItemNews<Value>() {
  let lastLog = -1;
  let partialIndex = 0;
  return (
    { logs, partials }: Pick<TaskState<unknown, Value>, 'logs' | 'partials'>,
    chunks: readonly ReceivedChunk[],
  ): NewItems<Value> => {
    if (chunks.some(isAnotherLog)) [lastLog, partialIndex] = [-1, 0];
    let first = logs.length;
    while (first > 0 && (logs[first - 1]?.index ?? -1) > lastLog) first--;
    const news = { logs: logs.slice(first), partials: partials.slice(partialIndex), partialIndex };
    lastLog = news.logs.at(-1)?.index ?? lastLog;
    partialIndex = Math.max(partialIndex, partials.length);
    return news;
  };
}
