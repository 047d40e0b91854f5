import { request } from 'node:http';
import type { Readable } from 'node:stream';

/**
 * A `fetch` over `node:http`, for tests whose environment has replaced the platform's `fetch` by one
 * that refuses cross-origin requests. Bodies are text.
 */
export const httpFetch: typeof fetch = (input, init) =>
  new Promise((resolve, reject) => {
    const { method = 'GET', signal, body } = init ?? {};
    const headers = Object.fromEntries(new Headers(init?.headers));
    const outgoing = request(String(input), { method, headers }, (answer) => {
      const { statusCode = 0 } = answer;
      const isEmpty = statusCode === 204;
      const stream = new ReadableStream<Uint8Array>({
        async start(controller) {
          signal?.addEventListener('abort', () => answer.destroy());
          try {
            for await (const piece of answer as Readable) controller.enqueue(piece);
            controller.close();
          } catch {
            controller.error(signal?.aborted ? signal.reason : new TypeError('network error'));
          }
        },
        cancel: () => void answer.destroy(),
      });
      resolve(
        new Response(isEmpty ? null : stream, {
          status: statusCode,
          headers: answer.headers as Record<string, string>,
        }),
      );
    });
    signal?.addEventListener('abort', () => {
      outgoing.destroy();
      reject(signal.reason);
    });
    outgoing.on('error', () => reject(new TypeError('fetch failed')));
    outgoing.end(body);
  });
