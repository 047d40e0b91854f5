import type { TaskHeartbeatData } from './task-parts';

/** First bytes of every response, sent at once; they set the reconnect delay of `EventSource`. */
export const preamble = 'retry: 1000\n\n';

/** Last bytes of every response that was read to its end. */
export const doneFrame = 'data: [DONE]\n\n';

/** What each event of an epoch begins with; to be made once per epoch, whose number is long. */
export function framePrefix(epoch: number): string {
  return `id: ${epoch}-`;
}

/** A stored chunk as SSE text. `data` is the chunk as JSON, which never holds a line break. */
export function encodeFrame(prefix: string, n: number, data: string): string {
  return `${prefix}${n}\ndata: ${data}\n\n`;
}

/** A heartbeat as SSE text. It has no `id:` line, so it never moves a reader's cursor. */
export function encodeHeartbeat(data: TaskHeartbeatData): string {
  return `data: ${JSON.stringify({ type: 'data-task-heartbeat', data, transient: true })}\n\n`;
}

/** Response header that names the task. */
export const taskIdHeader = 'x-task-id';
