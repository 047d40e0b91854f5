/** Whether timers outlive the request in which they are set. In workerd they end with the request. */
function canShareTimers(): boolean {
  const { EdgeRuntime, navigator, process } = globalThis as {
    EdgeRuntime?: string;
    navigator?: { userAgent?: string };
    process?: { versions?: { node?: string } };
  };
  const isNode = process?.versions?.node !== undefined && EdgeRuntime === undefined;
  return isNode && navigator?.userAgent !== 'Cloudflare-Workers';
}

/** A timer, and the listeners that it calls. */
interface Beats {
  /** The name under which other callers find the timer; unset for the timer of one caller alone. */
  readonly name: string | undefined;
  readonly listeners: Set<(at: number) => void>;
  readonly timer: ReturnType<typeof setInterval>;
}

function createBeats(name: string | undefined, intervalMs: number): Beats {
  const listeners: Beats['listeners'] = new Set();
  const beat = () => {
    const at = Date.now();
    for (const listener of listeners) listener(at);
  };
  return { name, listeners, timer: setInterval(beat, intervalMs) };
}

const sharedBeats = new Map<string, Beats>();

function beatsOf(key: string, intervalMs: number): Beats {
  if (!canShareTimers()) return createBeats(undefined, intervalMs);
  const name = `${intervalMs} ${key}`;
  const beats = sharedBeats.get(name) ?? createBeats(name, intervalMs);
  sharedBeats.set(name, beats);
  return beats;
}

function leave({ name, listeners, timer }: Beats, onBeat: (at: number) => void): void {
  listeners.delete(onBeat);
  if (listeners.size > 0) return;
  clearInterval(timer);
  if (name !== undefined && sharedBeats.get(name)?.timer === timer) sharedBeats.delete(name);
}

/**
 * Calls back once in every interval, with the time in epoch milliseconds; the first call may come
 * sooner. Callers with the same key and interval share a timer, and are called one after the other
 * with the same time. Where timers end with a request, each caller has a timer of its own.
 *
 * @returns a function that stops the calls.
 */
export function startBeats(
  key: string,
  intervalMs: number,
  onBeat: (at: number) => void,
): () => void {
  const beats = beatsOf(key, intervalMs);
  beats.listeners.add(onBeat);
  return () => leave(beats, onBeat);
}
