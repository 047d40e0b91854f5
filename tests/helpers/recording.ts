/** A task's log as a list of chunks, and the bytes that a server would send of it. */
export interface Recording {
  taskId: string;
  chunks: { type: string }[];
  /** The bytes of a response: everything after the cursor, and the end mark. */
  bytesAfter(cursor?: string): Buffer;
  /** Cursor of the n-th chunk, from 0. */
  cursorOf(n: number): string;
}

export const taskId = 'task-0123456789abcdef';

/** A chunk as SSE text. */
export function frame(n: number, chunk: object): string {
  return `id: 0-${n}\ndata: ${JSON.stringify(chunk)}\n\n`;
}

/** A heartbeat, which has no cursor. */
export function heartbeat(at: number, intervalMs: number): string {
  const data = { taskId, at, intervalMs };
  return `data: ${JSON.stringify({ type: 'data-task-heartbeat', data, transient: true })}\n\n`;
}

/** The final part of a task. */
export function settle(fields: object = {}): { type: string } {
  const data = { taskId, status: 'completed', durationMs: 5, settledAt: 6, ...fields };
  return { type: 'data-task-settle', id: taskId, data } as { type: string };
}

export function log(index: number, message: string): { type: string } {
  const data = { taskId, index, level: 'info', message, at: 3 };
  return { type: 'data-task-log', id: `${taskId}:${index}`, data, transient: true } as {
    type: string;
  };
}

export function partial(index: number, value: unknown): { type: string } {
  const data = { taskId, index, value };
  return { type: 'data-task-partial', id: `${taskId}:${index}`, data, transient: true } as {
    type: string;
  };
}

export function snapshot(fields: object = {}): { type: string } {
  const data = { taskId, status: 'running', createdAt: 1, updatedAt: 2, ...fields };
  return { type: 'data-task', id: taskId, data } as { type: string };
}

export function record(chunks: { type: string }[]): Recording {
  return {
    taskId,
    chunks,
    cursorOf: (n) => `0-${n}`,
    bytesAfter(cursor) {
      const start = cursor === undefined ? 0 : Number(cursor.slice(2)) + 1;
      const frames = chunks.slice(start).map((chunk, index) => frame(start + index, chunk));
      const beat = heartbeat(1000 + start, 5000);
      return Buffer.from(`retry: 1000\n\n${beat}${frames.join('')}data: [DONE]\n\n`);
    },
  };
}

/** Some of everything, with characters of two, three and four bytes. */
export const recording: Recording = record([
  { type: 'start', messageId: 'message-1', messageMetadata: { a: 1 } } as { type: string },
  snapshot(),
  log(0, 'Größe — 𝄞'),
  { type: 'text-start', id: 't' } as { type: string },
  { type: 'text-delta', id: 't', delta: 'Grüße ' } as { type: string },
  partial(0, { n: 0 }),
  snapshot({ progress: { value: 1, total: 4, message: '1 of 4' }, updatedAt: 101 }),
  { type: 'text-delta', id: 't', delta: '漢字 😀' } as { type: string },
  log(1, 'second'),
  partial(1, { n: 1 }),
  { type: 'text-end', id: 't' } as { type: string },
  snapshot({ status: 'completed' }),
  settle({ result: { url: 'https://example.com/ü.png' } }),
  { type: 'finish', messageMetadata: { b: 2 } } as { type: string },
]);
