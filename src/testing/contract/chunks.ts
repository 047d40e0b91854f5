import type { TaskData } from '../../protocol/index';

/** A chunk of a log, as JSON. */
export function chunk(n: number | string): string {
  return JSON.stringify({ type: 'data-n', data: n });
}

/** The chunks from `start` up to, but without, `end`. */
export function chunks(start: number, end: number): string[] {
  return Array.from({ length: end - start }, (_, index) => chunk(start + index));
}

/** The frames that the log of a task begins with (R-ORDER-1). */
export function openingFrames(
  taskId: string,
  data: TaskData = { taskId, status: 'running', createdAt: Date.now(), updatedAt: Date.now() },
): string[] {
  return toFrames({ type: 'start' }, { type: 'data-task', id: taskId, data });
}

/** The frames of a text that is still open. */
export function openTextFrames(): string[] {
  return toFrames({ type: 'text-start', id: 't' }, { type: 'text-delta', id: 't', delta: 'Hel' });
}

/** The frames that the log of a completed task ends with (R-ORDER-3). */
export function closingFrames(taskId: string): string[] {
  const settledAt = Date.now();
  const data = { taskId, status: 'completed', durationMs: 0, settledAt };
  return toFrames({ type: 'data-task-settle', id: taskId, data }, { type: 'finish' });
}

function toFrames(...parts: object[]): string[] {
  return parts.map((part) => JSON.stringify(part));
}
