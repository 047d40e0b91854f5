import { later } from './later';

/** Resolves after some milliseconds; a process that has nothing else to do ends without waiting. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    later(resolve, ms);
  });
}
