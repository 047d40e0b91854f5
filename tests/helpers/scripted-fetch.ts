/** One request as a scripted `fetch` got it. */
export interface ScriptedRequest {
  method: string | undefined;
  url: string;
  headers: Headers;
}

/**
 * A `fetch` that answers without a network, for tests whose subject is time: fake timers would also
 * replace the timers of the platform's own `fetch`, which then would not work.
 */
export function scriptFetch(
  answer: (index: number, request: ScriptedRequest) => Response | Promise<Response>,
): { fetch: typeof globalThis.fetch; requests: ScriptedRequest[] } {
  const requests: ScriptedRequest[] = [];
  return {
    requests,
    async fetch(url, init) {
      const request = {
        method: init?.method,
        url: String(url),
        headers: new Headers(init?.headers),
      };
      requests.push(request);
      return answer(requests.length - 1, request);
    },
  };
}

/** An event stream: with `end` it ends after these bytes, else it stays open and says no more. */
export function eventStream(bytes: Uint8Array | string, { end = false } = {}): Response {
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(typeof bytes === 'string' ? new TextEncoder().encode(bytes) : bytes);
      if (end) controller.close();
    },
  });
  return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
}
