import { compactReplay, type NumberedFrame } from '../../src/protocol/compact-replay';

export function compact(
  chunks: readonly unknown[],
  start = 0,
  end = chunks.length,
): NumberedFrame[] {
  return [...compactReplay((n) => JSON.stringify(chunks[n]), start, end)];
}

export function text(delta: string, fields: Record<string, unknown> = {}) {
  return { type: 'text-delta', id: 't', delta, ...fields };
}

export function snapshot(id: string, updatedAt: number) {
  const data = { taskId: id, status: 'running', createdAt: 0, updatedAt };
  return { type: 'data-task', id, data };
}
