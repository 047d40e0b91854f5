/** The longest time that Redis is told, in milliseconds: some hundred years. */
const maxMs = 1e13;

/** A time as Redis takes it: a whole number of milliseconds. */
export function wholeMs(ms: number): number {
  return Math.min(Math.ceil(ms), maxMs);
}
