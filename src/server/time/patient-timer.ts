import { later } from './later';

/** The time is measured in so many parts. */
const partCount = 4;

/**
 * Runs the callback after some milliseconds in which the process could hear: when its event loop
 * was busy, or it stood still, what it waits for gets at least another quarter of the time to
 * arrive. The function that is returned stops it.
 */
export function startPatientTimer(callback: () => void, ms: number): () => void {
  const partMs = ms / partCount;
  let left = partCount;
  let isExtended = false;
  let partStartedAt = performance.now();
  const endPart = () => {
    const now = performance.now();
    left--;
    // Once: a process that is always late must come to an end, too.
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
