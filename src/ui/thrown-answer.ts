import { TaskError } from '../protocol/task-error';

/** A status within the words of an error; not a number of milliseconds. */
const statusInText = /(?:^|http|status|code|error|failed|fetch)\W*([45]\d\d)(?!\d| ?m?s)/i;

/**
 * The answer that an error tells of: many a page's `fetch` throws unless an answer is ok, with the
 * status, the body or all of the answer in the error.
 */
export function thrownAnswer(error: unknown): Response | undefined {
  const { message, data, response } = Object(error);
  const answer = Object(response ?? error);
  const status = answer.status ?? answer.statusCode ?? statusInText.exec(message)?.[1];
  if (TaskError.isInstance(error) || !(status >= 400 && status < 600)) return undefined;
  if (answer.text && !data) return answer;
  return new Response(JSON.stringify(data ?? answer.data ?? message), { status });
}
