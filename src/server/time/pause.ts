import { later } from './later';

/** Lets some time pass; a process that has nothing else to do does not wait for it. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    later(resolve, ms);
  });
}
