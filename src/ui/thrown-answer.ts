import { TaskError } from '../protocol/task-error';

/** Finds an HTTP status in an error's message, and takes no number of milliseconds for one. */
const statusInText = /(?:^|http|status|code|error|failed|fetch)\W*([45]\d\d)(?!\d| ?m?s)/i;

/**
 * The response that an error tells of, if any: the `fetch` of many a page throws when a response is
 * not ok, with the status, the body or the whole response in the error.
 */
export function thrownAnswer(error: unknown): Response | undefined {
  const { message, data, response } = Object(error);
  const answer = Object(response ?? error);
  const status = answer.status ?? answer.statusCode ?? statusInText.exec(message)?.[1];
  if (TaskError.isInstance(error) || !(status >= 400 && status < 600)) return undefined;
  if (answer.text && !data) return answer;
  return new Response(JSON.stringify(data ?? answer.data ?? message), { status });
}
