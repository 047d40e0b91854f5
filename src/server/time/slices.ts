import { inNextTurn, nextTurn } from './next-turn';

/** How long work that is not urgent may block the event loop in each of its turns, in milliseconds. */
const sliceMs = 4;

/** When the share of this turn is used up. All work of the process that breathes shares it. */
let sliceEndsAt: number | undefined;

function isSliceOver(): boolean {
  if (sliceEndsAt === undefined) {
    sliceEndsAt = performance.now() + sliceMs;
    inNextTurn(() => {
      sliceEndsAt = undefined;
    });
  }
  return performance.now() >= sliceEndsAt;
}

/**
 * Called between two pieces of long work: lets the event loop go on once this turn's share of such
 * work is used up. All callers have one share together, or many of them would block the loop.
 */
export async function breathe(): Promise<void> {
  while (isSliceOver()) await nextTurn();
}
