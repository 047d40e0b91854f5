/** What a chat's route said to a request to cancel: `{ "cancelled": false }` is no success. */
export async function readCancelAnswer(
  response: Response,
): Promise<Pick<Response, 'ok' | 'status'>> {
  const { ok, status } = response;
  const { cancelled } = Object(
    await response.json().catch(() => {
      // A route may answer without a body.
    }),
  );
  return { status, ok: ok && cancelled !== false };
}
