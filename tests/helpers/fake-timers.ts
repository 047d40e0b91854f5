import { vi } from 'vitest';

/** Stops the time of timers and clocks; what a test's stream needs beside them goes on. */
export function useFakeTimers(): void {
  vi.useFakeTimers({
    toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance', 'Date'],
  });
}
