// Takes from Node what React Native lacks, before anything of the package is loaded. Signals have no
// reason and no `throwIfAborted`, and are no `EventTarget`; there is no `AbortSignal.any`, `abort` or
// `timeout`, no `DOMException`, and no `crypto`.
import { nodePlatform } from './node-platform';

type Listener = (event: { type: string }) => void;

class BareSignal {
  aborted = false;
  onabort: Listener | null = null;
  readonly #listeners = new Set<Listener>();

  addEventListener(_type: 'abort', listener: Listener): void {
    this.#listeners.add(listener);
  }

  removeEventListener(_type: 'abort', listener: Listener): void {
    this.#listeners.delete(listener);
  }

  dispatchEvent(event: { type: string }): void {
    this.aborted = true;
    this.onabort?.(event);
    for (const listener of [...this.#listeners]) listener.call(this, event);
  }
}

class BareController {
  readonly signal = new BareSignal();

  abort(): void {
    if (!this.signal.aborted) this.signal.dispatchEvent({ type: 'abort' });
  }
}

/** A `fetch` that takes the bare signals, as the `fetch` of React Native does. */
function bareFetch(input: RequestInfo | URL, init: RequestInit = {}): Promise<Response> {
  const signal: unknown = init.signal;
  if (!(signal instanceof BareSignal)) return nodePlatform.fetch(input, init);
  const controller = new nodePlatform.AbortController();
  signal.addEventListener('abort', () => controller.abort());
  if (signal.aborted) controller.abort();
  return nodePlatform.fetch(input, { ...init, signal: controller.signal });
}

for (const [name, value] of Object.entries({
  AbortController: BareController,
  AbortSignal: BareSignal,
  fetch: bareFetch,
})) {
  Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
}
Reflect.deleteProperty(globalThis, 'crypto');
Object.defineProperty(globalThis, 'DOMException', {
  configurable: true,
  // Node's own `fetch` needs the `DOMException` of the global object; nobody else gets it.
  get: () =>
    /^.*\n.*\n.*\(?node:/.test(new Error().stack ?? '') ? nodePlatform.DOMException : undefined,
});
