import { inNextTurn, nextTurn } from './next-turn';

/** How long work of no hurry may keep the event loop in each of its turns, in milliseconds. */
const sliceMs = 4;

/** When this turn's share is used up; all such work of the process has one share together. */
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
 * Called between two pieces of long work: lets the event loop go on once the work has had its
 * share of the turn. Many that work at once share it, because each of them would take a whole one.
 */
export async function breathe(): Promise<void> {
  while (isSliceOver()) await nextTurn();
}
