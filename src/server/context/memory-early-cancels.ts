import { scheduleSweep } from './memory-retention';
import { type EarlyCancel, type MemoryState, ownedKey } from './memory-state';
import type { TaskAsker } from './task-guard';
import type { CancelOptions } from './task-stream-context';

/** How long a cancel waits for a task that is not open yet. */
const earlyCancelMs = 60_000;

/** So that nobody fills the memory with cancels for tasks that never come. */
const maxEarlyCancels = 10_000;

/** Keeps a cancel for a task that is not open yet. Of several the first reason stays. */
export function keepEarlyCancel(
  state: MemoryState,
  taskId: string,
  { owner, definition, reason }: CancelOptions,
): void {
  const { earlyCancels } = state;
  const now = Date.now();
  const expiresAt = now + earlyCancelMs;
  const key = ownedKey(owner, definition, taskId);
  const known = earlyCancels.get(key);
  const first = known && known.expiresAt > now ? known : { reason };
  // Put at the end again, so that the oldest stays first.
  earlyCancels.delete(key);
  const [oldest] = earlyCancels.keys();
  if (oldest && earlyCancels.size >= maxEarlyCancels) earlyCancels.delete(oldest);
  earlyCancels.set(key, { reason: first.reason, expiresAt });
  scheduleSweep(state, expiresAt);
}

/** The cancel that came before its task, if one did: for its definition, or for any. */
export function takeEarlyCancel(
  { earlyCancels }: MemoryState,
  taskId: string,
  { owner, definition }: TaskAsker,
): EarlyCancel | undefined {
  const keys = new Set([undefined, definition].map((of) => ownedKey(owner, of, taskId)));
  const found = [...keys].flatMap((key) => earlyCancels.get(key) ?? []);
  for (const key of keys) earlyCancels.delete(key);
  return found.find(({ expiresAt }) => expiresAt > Date.now());
}
