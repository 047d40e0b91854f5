import { createUnavailableError } from '../log/task-errors';
import { createByteStream } from './byte-stream';
import { emptyResponse, errorResponse, streamResponse, type TaskResponseInit } from './responses';
import type { TextSourceOptions } from './text-source';

/** Streams a log: 204 if nothing is left to read of it, 503 if it has ended without an outcome. */
export function logResponse(
  source: TextSourceOptions,
  init: TaskResponseInit | undefined,
  { isHead = false }: { isHead?: boolean } = {},
): Response {
  const { reader, taskId } = source;
  const { isEnded, isCut } = reader;
  if (isEnded || isHead) reader.close();
  if (isEnded && isCut) return errorResponse(createUnavailableError(undefined), init);
  if (isEnded) return emptyResponse(taskId, init);
  return streamResponse(isHead ? null : createByteStream(source), taskId, init);
}
