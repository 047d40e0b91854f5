/** A chunk of a log, as JSON. */
export function chunk(n: number | string): string {
  return JSON.stringify({ type: 'data-n', data: n });
}

/** The chunks `start` to `end`, which is not one of them. */
export function chunks(start: number, end: number): string[] {
  return Array.from({ length: end - start }, (_, index) => chunk(start + index));
}
