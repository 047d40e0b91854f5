import { TaskError } from '../../protocol/task-error';

export function createQueryError(message: string): TaskError {
  return new TaskError({ code: 'invalid-query', message });
}

/** Whether all percent escapes of a query are those of UTF-8 text. */
function isWellFormed(search: string): boolean {
  try {
    decodeURIComponent(search);
    return true;
  } catch {
    // A URIError says that the escapes are not UTF-8.
    return false;
  }
}

/**
 * One parameter of a request's query. A parameter that is given twice is refused, because proxies
 * and hosts differ in which of the two values they use.
 *
 * @throws TaskError `invalid-query`.
 */
export function readQuery({ url }: Request, name: string): string | undefined {
  const { search, searchParams } = new URL(url, 'http://localhost');
  const [value, ...others] = searchParams.getAll(name);
  if (others.length > 0) {
    throw createQueryError(`The query has \`${name}\` more than once. Give it once.`);
  }
  // U+FFFD stands for bytes that are no UTF-8, unless the client has sent that very character.
  if (value?.includes('\uFFFD') && !isWellFormed(search)) {
    throw createQueryError(`\`${name}\` is not UTF-8. Encode it with \`encodeURIComponent\`.`);
  }
  return value;
}

/**
 * Whether the reader asks for named events, by `?events=named`.
 *
 * @throws TaskError `invalid-query`.
 */
export function readEvents(request: Request): 'named' | undefined {
  const events = readQuery(request, 'events');
  if (events === undefined || events === 'named') return events;
  throw createQueryError('`events` takes the value `named` only. Leave it out for unnamed events.');
}
