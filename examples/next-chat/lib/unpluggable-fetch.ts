/** A `fetch` with a cable that the page can pull. */
export interface UnpluggableFetch {
  fetch: typeof globalThis.fetch;
  /** Cuts what is under way, and lets nothing new through. */
  unplug(): void;
  plugIn(): void;
}

/** Makes the loss of the network something that can be tried with a button. */
export function createUnpluggableFetch({
  onResponse,
}: {
  onResponse: (response: Response) => void;
}): UnpluggableFetch {
  let cable = new AbortController();
  return {
    async fetch(input, init) {
      const signals = init?.signal ? [init.signal, cable.signal] : [cable.signal];
      const signal = AbortSignal.any(signals);
      const response = await globalThis.fetch(input, { ...init, signal });
      onResponse(response);
      return response;
    },
    unplug() {
      // What `fetch` itself rejects with when there is no network.
      cable.abort(new TypeError('Failed to fetch'));
    },
    plugIn() {
      cable = new AbortController();
      // The browser says so when a real network comes back.
      window.dispatchEvent(new Event('online'));
    },
  };
}
