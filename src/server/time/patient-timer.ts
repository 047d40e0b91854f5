import { later } from './later';

/** How many parts the time is measured in. */
const partCount = 4;

/**
 * Runs the callback after `ms` milliseconds in which the process could receive something. If its
 * event loop was blocked, or the process stood still, what it waits for gets at least another
 * quarter of the time to arrive. The returned function stops the timer.
 */
export function startPatientTimer(callback: () => void, ms: number): () => void {
  const partMs = ms / partCount;
  let left = partCount;
  let isExtended = false;
  let partStartedAt = performance.now();
  const endPart = () => {
    const now = performance.now();
    left--;
    // Extended only once, because the timer of a process that is always late has to fire, too.
    if (left === 0 && !isExtended && now - partStartedAt > 2 * partMs) {
      isExtended = true;
      left = 1;
    }
    if (left === 0) return callback();
    partStartedAt = now;
    timer = later(endPart, partMs);
  };
  let timer = later(endPart, partMs);
  return () => clearTimeout(timer);
}

/** Waits for work, but not longer than `ms` milliseconds of a patient timer. */
export function patiently(ms: number, work: Promise<unknown>): Promise<void> {
  return new Promise((resolve) => {
    const stop = startPatientTimer(resolve, ms);
    const end = () => {
      stop();
      resolve();
    };
    work.then(end, end);
  });
}
