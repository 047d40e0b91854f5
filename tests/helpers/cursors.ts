// The number of a log's first epoch is drawn when the task is opened. Tests count epochs from the
// first one: the relative cursor `0-4` is frame 4 of the first epoch, `1-0` frame 0 of the next.
import type { Cursor, TaskStreamContext } from 'ai-task-stream/server';
import { parseCursor } from '../../src/protocol/cursor';

function epochOf(cursor: string): number {
  return Number(cursor.slice(0, cursor.indexOf('-')));
}

function shift(cursor: string, by: number): string {
  return `${epochOf(cursor) + by}${cursor.slice(cursor.indexOf('-'))}`;
}

/** Makes cursors of one log relative to its first epoch, or else to the lowest epoch among them. */
export function relative(
  cursors: readonly string[],
  firstEpoch: number = Math.min(...cursors.map(epochOf)),
): string[] {
  return cursors.map((cursor) => shift(cursor, -firstEpoch));
}

/** SSE text of one log, with ids that are relative to the lowest epoch in the text. */
export function relativeIds(text: string): string {
  const cursors = [...text.matchAll(/^id: (\d+-\d+)$/gm)].map(([, cursor = '']) => cursor);
  const firstEpoch = Math.min(...cursors.map(epochOf));
  return text.replace(/^id: (\d+-\d+)$/gm, (_, cursor) => `id: ${shift(cursor, -firstEpoch)}`);
}

/**
 * The cursor that a relative one stands for, in a log that the context knows and that has had one
 * epoch so far. Cursors that are not relative are returned as they are.
 */
export async function absolute(
  context: Pick<TaskStreamContext, 'inspect'>,
  taskId: string,
  cursor: string,
): Promise<string> {
  const record = /^\d{1,3}-\d+$/.test(cursor) ? await context.inspect(taskId) : undefined;
  return record ? shift(cursor, epochOf(record.cursor)) : cursor;
}

/** What `absolute` returns, parsed as a context takes it. */
export async function cursorAt(
  context: Pick<TaskStreamContext, 'inspect'>,
  taskId: string,
  cursor: string,
): Promise<Cursor | undefined> {
  return parseCursor(await absolute(context, taskId, cursor));
}

/** The cursor of a task's last frame, relative to that frame's epoch. */
export async function relativeEnd(
  context: Pick<TaskStreamContext, 'inspect'>,
  taskId: string,
): Promise<string | undefined> {
  const record = await context.inspect(taskId);
  return record && relative([record.cursor])[0];
}
