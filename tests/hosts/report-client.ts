import type { TaskSettlement } from 'ai-task-stream';
import { storedChunksIn } from '../helpers/sse';
import type { HostResponse, SendRequest } from './host-client';

/** A host that serves `examples/lib/report.ts`. */
export interface HostUnderTest {
  readonly send: SendRequest;
  /** Where the report is served. */
  readonly path: string;
  /** Where it is served with `cancelOnDisconnect`. */
  readonly watchedPath: string;
  /** How the host compresses the stream, if it is told to. */
  readonly contentEncoding?: 'gzip';
}

interface ReportInput {
  pages?: number;
  pageMs?: number;
  pageLength?: number;
}

export function start(
  { send, path }: Pick<HostUnderTest, 'send' | 'path'>,
  taskId: string,
  input: ReportInput,
): Promise<HostResponse> {
  return send({
    method: 'POST',
    path,
    headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
    body: JSON.stringify({ taskId, input }),
  });
}

export function follow(
  { send, path }: Pick<HostUnderTest, 'send' | 'path'>,
  taskId: string,
  cursor?: string,
): Promise<HostResponse> {
  const headers = cursor === undefined ? undefined : { 'last-event-id': cursor };
  return send({ method: 'GET', path: `${path}?taskId=${taskId}`, headers });
}

/** Reads until a page has come, cuts the connection, and gives the frames that came whole. */
export async function cutAfterPage(response: HostResponse, page: number): Promise<string> {
  const text = await response.until(new RegExp(`"value":"${page} `));
  response.cut();
  return text.slice(0, text.lastIndexOf('\n\n') + 2);
}

export function pagesIn(text: string): number[] {
  return storedChunksIn(text).flatMap((chunk) =>
    chunk.type === 'data-task-partial'
      ? Number.parseInt((chunk.data as { value: string }).value, 10)
      : [],
  );
}

export function settlementsIn(text: string): TaskSettlement[] {
  return storedChunksIn(text).flatMap((chunk) =>
    chunk.type === 'data-task-settle' ? (chunk.data as TaskSettlement) : [],
  );
}

export function firstNumbers(count: number): number[] {
  return Array.from({ length: count }, (_, n) => n + 1);
}
