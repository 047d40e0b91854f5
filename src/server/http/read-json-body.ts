import { TaskError } from '../../protocol/task-error';

/**
 * Reads a request's JSON body.
 *
 * @throws TaskError `unsupported-media-type`, `body-too-large` or `invalid-body`.
 */
export async function readJsonBody(request: Request, maxBodyBytes: number): Promise<unknown> {
  const mediaType = request.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase();
  if (mediaType !== 'application/json') {
    throw new TaskError({
      code: 'unsupported-media-type',
      message: 'Send the body as JSON, with the header `content-type: application/json`.',
    });
  }
  const bytes = await readBytes(request, maxBodyBytes);
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new TaskError({ code: 'invalid-body', message: 'The body is not valid JSON.', cause });
  }
}

/** Tells that the client has left in the middle of its body, which is no failure of the host. */
function brokenOff(cause: unknown): never {
  const message = 'The body broke off before its end. Send it again.';
  throw new TaskError({ code: 'invalid-body', message, retryable: true, cause });
}

async function readBytes(request: Request, maxBodyBytes: number): Promise<Uint8Array> {
  const tooLarge = () =>
    new TaskError({
      code: 'body-too-large',
      message: `The body is larger than ${maxBodyBytes} bytes. Send less, or raise \`maxBodyBytes\`.`,
    });
  if (Number(request.headers.get('content-length')) > maxBodyBytes) throw tooLarge();
  const parts: Uint8Array[] = [];
  let length = 0;
  const reader = request.body?.getReader();
  for (;;) {
    const { done, value } = (await reader?.read().catch(brokenOff)) ?? { done: true };
    if (done) break;
    length += value.byteLength;
    if (length > maxBodyBytes) {
      // The request is refused anyway, even if its body fails now.
      await reader?.cancel().catch(() => {});
      throw tooLarge();
    }
    parts.push(value);
  }
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.byteLength;
  }
  return bytes;
}
