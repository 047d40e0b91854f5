// What the chunks of a log tell of its task, and how the end of a task is told, as PROTOCOL.md has it.

export type Chunk = {
  type: string;
  id?: string;
  data?: Record<string, unknown>;
  [field: string]: unknown;
};

export type Outcome = 'completed' | 'failed' | 'cancelled';

/** What a log tells: the newest snapshots, what is counted, and what is open. */
export interface Told {
  logs: number;
  partials: number;
  checkpoints: number;
  snapshot: Record<string, unknown>;
  /** Running tasks within the task, by taskId, in the order of their starting. */
  nested: Map<string, Record<string, unknown>>;
  texts: Set<string>;
  calls: Set<string>;
}

export function tell(taskId: string, chunks: readonly Chunk[]): Told {
  const told: Told = {
    ...{ logs: 0, partials: 0, checkpoints: 0, snapshot: {} },
    ...{ nested: new Map(), texts: new Set(), calls: new Set() },
  };
  for (const chunk of chunks) {
    const { type, data = {} } = chunk;
    const isRoot = data.taskId === taskId;
    const name = String(data.taskId ?? chunk.id ?? chunk.toolCallId);
    if (type === 'data-task-log' && isRoot) told.logs++;
    if (type === 'data-task-partial' && isRoot) told.partials++;
    if (type === 'data-task-checkpoint') told.checkpoints++;
    if (type === 'data-task' && isRoot) told.snapshot = data;
    if (type === 'data-task' && !isRoot) told.nested.set(name, data);
    if (type === 'data-task-settle' && !isRoot) told.nested.delete(name);
    if (type === 'text-start') told.texts.add(name);
    if (type === 'text-end') told.texts.delete(name);
    if (type === 'tool-input-available') told.calls.add(name);
    if (type === 'tool-output-available' || type === 'tool-output-error') told.calls.delete(name);
  }
  return told;
}

/** The end of a task that did not end by itself. Times and words are the context's own. */
export function endOf(
  snapshot: Record<string, unknown>,
  { status, code, told }: { status: Outcome; code: string; told: string | undefined },
): Chunk[] {
  const { taskId } = snapshot;
  const id = String(taskId);
  return [
    { type: 'data-task', id, data: { ...snapshot, status } },
    ...(told ? [{ type: 'data-task-error', id, data: { taskId, code: told } }] : []),
    { type: 'data-task-settle', id, data: { taskId, status, error: { code } } },
  ];
}
