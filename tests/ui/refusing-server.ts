import { afterEach, beforeEach, vi } from 'vitest';
import { frame, recording, snapshot } from '../helpers/recording';
import { eventStream } from '../helpers/scripted-fetch';

export const api = '/api/task';
export const advance = async (ms: number) => {
  await vi.advanceTimersByTimeAsync(ms);
};
export const minute = 60_000;
export const hour = 60 * minute;
export const random = () => 0.5;
/** The defaults; the tests' own stores have no delay. */
export const reconnect = { initialDelayMs: 250 };

export const unreachable = () => Promise.reject(new TypeError('Failed to fetch'));
export const refuse = (status: number, headers: Record<string, string> = {}, code = 'other') =>
  Response.json({ error: { code, message: 'No.' } }, { status, headers });
export const whole = (cursor?: string) => eventStream(recording.bytesAfter(cursor), { end: true });
/** A first answer that is good and breaks off. */
export const cut = () => eventStream(frame(0, snapshot()), { end: true });

/** Lets time pass by `advance` only, and gives back what a test has put in place of the platform. */
export function stopTimeInEachTest(): void {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] });
  });

  afterEach(() => {
    vi.restoreAllMocks();
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });
}
