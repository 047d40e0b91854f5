import { readRefusal } from './task-request';

/** What a response with an error status says; its body is left for others to read. */
const refusalIn = (response: Response) => readRefusal(response.clone());

/** Replaces the 404 of a framework that has no such route by an error that says which to add. */
export async function nameMissingRoute(response: Response, method = 'GET'): Promise<Response> {
  const { status, url } = response;
  if (status !== 404 || (await refusalIn(response)).error.code !== 'refused') return response;
  const use = { POST: 'starts', DELETE: 'cancels' }[method] ?? 'resumes';
  const message = `Status 404: add the route that ${use} tasks, ${method} ${url.split('?')[0]}.`;
  const error = { code: 'refused', message, details: { status } };
  return new Response(JSON.stringify({ error }), { status });
}

/**
 * Returns the response for the AI SDK to read, unless it is an error that has to be told as a
 * `TaskError`: the AI SDK would show a page the body's JSON or markup.
 *
 * @param isOwn Whether all routes of the chat are ours, so that every error is told so.
 * @throws TaskError The one that a task's route answered with, or `refused` if the route is missing.
 */
export async function checkChatAnswer(
  response: Response,
  method: string | undefined,
  isOwn: boolean,
): Promise<Response> {
  if (response.ok) return response;
  const named = await nameMissingRoute(response, method);
  const { error } = await refusalIn(named);
  if (isOwn || named !== response || error.code !== 'refused') throw error;
  return response;
}
