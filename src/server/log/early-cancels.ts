/** How long a cancel waits for a task that is not open yet, in milliseconds. */
export const earlyCancelMs = 60_000;

/** How many cancels are kept, so that nobody fills the memory with cancels for tasks that never come. */
const maxCount = 10_000;

/** How many bytes all cancels that are kept may take, by an estimate. */
const maxBytes = 4 * 1024 * 1024;

/** What a cancel takes beside its texts, in bytes: an estimate, for this process and for Redis. */
const overheadBytes = 250;

/** Cancels for tasks that are not open yet. Plain data, which outlives the module that made it. */
export interface EarlyCancels {
  /** The cancels in the order in which they came, by a key for owner, definition and task. */
  readonly entries: Map<string, EarlyCancel>;
  /** The estimated bytes of all entries. */
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

/** Removes a cancel, and returns it. */
export function takeEarlyCancel(cancels: EarlyCancels, key: string): EarlyCancel | undefined {
  const entry = cancels.entries.get(key);
  if (!entry) return undefined;
  cancels.entries.delete(key);
  cancels.bytes -= entry.bytes;
  return entry;
}

/** Drops expired cancels; returns when the next one expires, in epoch milliseconds. */
export function dropExpired(cancels: EarlyCancels, now: number): number {
  for (const [key, { expiresAt }] of cancels.entries) {
    // All cancels are kept for the same time, so that those which came later expire later.
    if (expiresAt > now) return expiresAt;
    takeEarlyCancel(cancels, key);
  }
  return Number.POSITIVE_INFINITY;
}

/**
 * Keeps a cancel from now on. If there was one for the same key, its reason stays. Returns the keys
 * of older cancels that were dropped to make room.
 */
export function keepEarlyCancel(
  cancels: EarlyCancels,
  key: string,
  { reason, now }: { reason: string | undefined; now: number },
): string[] {
  dropExpired(cancels, now);
  const known = takeEarlyCancel(cancels, key);
  const kept = known ? known.reason : reason;
  // A UTF-16 code unit takes two bytes at most in a process, and seldom more in UTF-8.
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
