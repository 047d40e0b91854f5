/** `1 partial result`, `2 partial results`. */
export function countPartials(count: number): string {
  return `${count} partial result${count === 1 ? '' : 's'}`;
}
