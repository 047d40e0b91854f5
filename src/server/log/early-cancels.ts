/** How long a cancel waits for a task that is not open yet, in milliseconds. */
export const earlyCancelMs = 60_000;

/** So that nobody fills the memory with cancels for tasks that never come. */
const maxCount = 10_000;

/** The same in bytes, which are estimated. */
const maxBytes = 4 * 1024 * 1024;

/** What each takes beside its texts, in bytes. An estimate, for this process and for Redis. */
const overheadBytes = 250;

/** Cancels for tasks that are not open yet. Plain data: it outlives the module that made it. */
export interface EarlyCancels {
  /** In the order of their coming, by whom and what they are for. */
  readonly entries: Map<string, EarlyCancel>;
  /** Of all entries; estimated. */
  bytes: number;
}

export interface EarlyCancel {
  readonly reason: string | undefined;
  readonly bytes: number;
  /** Epoch milliseconds. */
  readonly expiresAt: number;
}

export function createEarlyCancels(): EarlyCancels {
  return { entries: new Map(), bytes: 0 };
}

/** Takes one out. */
export function takeEarlyCancel(cancels: EarlyCancels, key: string): EarlyCancel | undefined {
  const entry = cancels.entries.get(key);
  if (!entry) return undefined;
  cancels.entries.delete(key);
  cancels.bytes -= entry.bytes;
  return entry;
}

/** Drops those that have expired, and tells when the next one will, in epoch milliseconds. */
export function dropExpired(cancels: EarlyCancels, now: number): number {
  for (const [key, { expiresAt }] of cancels.entries) {
    // All wait as long, so that those behind it expire later.
    if (expiresAt > now) return expiresAt;
    takeEarlyCancel(cancels, key);
  }
  return Number.POSITIVE_INFINITY;
}

/**
 * Keeps a cancel from now on; asked for again, the first reason stays. The keys of older ones come
 * back that had to go for it.
 */
export function keepEarlyCancel(
  cancels: EarlyCancels,
  key: string,
  { reason, now }: { reason: string | undefined; now: number },
): string[] {
  dropExpired(cancels, now);
  const known = takeEarlyCancel(cancels, key);
  const kept = known ? known.reason : reason;
  // A character takes two bytes at most in a process, and seldom more in UTF-8.
  const bytes = overheadBytes + 2 * (key.length + (kept?.length ?? 0));
  const dropped: string[] = [];
  const { entries } = cancels;
  for (const oldest of entries.keys()) {
    if (entries.size < maxCount && cancels.bytes + bytes <= maxBytes) break;
    takeEarlyCancel(cancels, oldest);
    dropped.push(oldest);
  }
  entries.set(key, { reason: kept, bytes, expiresAt: now + earlyCancelMs });
  cancels.bytes += bytes;
  return dropped;
}
