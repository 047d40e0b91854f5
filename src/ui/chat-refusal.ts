import { readRefusal } from './task-request';

/** What an answer means whose status is an error; its body is left for others to read. */
const refusalIn = (response: Response) => readRefusal(response.clone());

/** In the place of another server's page for what it has not got: which route is missing there. */
export async function nameMissingRoute(response: Response, method = 'GET'): Promise<Response> {
  const { status, url } = response;
  if (status !== 404 || (await refusalIn(response)).error.code !== 'refused') return response;
  const use = { POST: 'starts', DELETE: 'cancels' }[method] ?? 'resumes';
  const message = `Status 404: add the route that ${use} tasks, ${method} ${url.split('?')[0]}.`;
  const error = { code: 'refused', message, details: { status } };
  return new Response(JSON.stringify({ error }), { status });
}

/**
 * Gives an answer to whoever reads it as ever, unless a page could not show what it says.
 *
 * @throws TaskError That of a task's server, and `refused` for a route that is missing.
 */
export async function checkChatAnswer(response: Response, method?: string): Promise<Response> {
  if (response.ok) return response;
  const named = await nameMissingRoute(response, method);
  const { error } = await refusalIn(named);
  if (named !== response || error.code !== 'refused') throw error;
  return response;
}
