import { longestTimeoutMs } from './later';

/** Waits for work, but not longer than `ms` milliseconds. */
export async function atMost(ms: number, work: unknown): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeout = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, Math.min(ms, longestTimeoutMs));
  });
  try {
    await Promise.race([work, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
