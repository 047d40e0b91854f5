import { refusalOf } from './task-request';

const textOf = (response: Response) =>
  response
    .clone()
    .text()
    .catch(() => '');

/** In the place of another server's page for what it has not got: which route is missing there. */
export async function nameMissingRoute(response: Response, method = 'GET'): Promise<Response> {
  const { status, url } = response;
  if (status !== 404) return response;
  if (refusalOf(response, await textOf(response)).error.code !== 'refused') return response;
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
  const { error } = refusalOf(named, await textOf(named));
  if (named !== response || error.code !== 'refused') throw error;
  return response;
}
