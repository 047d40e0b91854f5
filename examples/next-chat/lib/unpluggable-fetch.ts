/** A `fetch` whose network the page can take away, as by pulling a cable. */
export interface UnpluggableFetch {
  fetch: typeof globalThis.fetch;
  /** Cuts requests that are under way, and lets no new ones through. */
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
      // The error that browsers reject with when there is no network.
      cable.abort(new TypeError('Failed to fetch'));
    },
    plugIn() {
      cable = new AbortController();
      // The event that browsers fire when a real network comes back.
      window.dispatchEvent(new Event('online'));
    },
  };
}
