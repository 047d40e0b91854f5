/** A server that wants a longer wait is asked again after an hour, in case it was a mistake. */
const longestMs = 3_600_000;

/** How long a server wants not to be asked again: a number of seconds or a date; 0 without either. */
export function retryAfterMs(headers: Headers | undefined): number {
  const wish = headers?.get('retry-after') ?? '';
  const seconds = Number(wish);
  // Where the server tells its own time, a date is compared with that: this clock may be wrong.
  const ms = Number.isNaN(seconds)
    ? Date.parse(wish) - (Date.parse(headers?.get('date') ?? '') || Date.now())
    : seconds * 1000;
  return Math.min(Math.max(ms || 0, 0), longestMs);
}

/** Whether a status tells of trouble that may pass, so that the same request may be made again. */
export function isPassing(status: number): boolean {
  return status >= 500 || status === 408 || status === 425 || status === 429;
}
