import { type Cursor, parseCursor } from '../../protocol/cursor';
import { TaskError } from '../../protocol/task-error';
import { readQuery } from './read-query';

/**
 * The cursor that a request names by `Last-Event-ID` or `?lastEventId=`; the header wins. An empty
 * text counts as no cursor.
 *
 * @throws TaskError `invalid-cursor` or `invalid-query`.
 */
export function readCursor(request: Request): Cursor | undefined {
  const text = request.headers.get('last-event-id') ?? readQuery(request, 'lastEventId');
  if (!text) return undefined;
  const cursor = parseCursor(text);
  if (cursor) return cursor;
  throw new TaskError({
    code: 'invalid-cursor',
    message:
      'Last-Event-ID is not of the form `epoch-n`, such as `0-41`. Send the last `id` that was received as it is.',
  });
}
