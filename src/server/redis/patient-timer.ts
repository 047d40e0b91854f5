import { later } from '../later';

/**
 * Runs the callback after some milliseconds and one more turn: when only the event loop was busy,
 * what it waits for may be there already. The function that is returned stops it.
 */
export function startPatientTimer(callback: () => void, ms: number): () => void {
  let timer = later(() => {
    timer = later(callback, 1);
  }, ms);
  return () => clearTimeout(timer);
}
