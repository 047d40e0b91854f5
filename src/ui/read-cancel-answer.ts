import type { Answer } from './request-patiently';

/** What a chat's route said to a request to cancel: `{ "cancelled": false }` is no success. */
export async function readCancelAnswer(response: Response): Promise<Answer> {
  const { ok, status, headers } = response;
  const { cancelled } = Object(
    await response.json().catch(() => {
      // A route may answer without a body.
    }),
  );
  return { status, headers, ok: ok && cancelled !== false };
}
