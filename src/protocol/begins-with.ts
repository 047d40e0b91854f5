/**
 * Whether a text begins with another. In V8 this is several times as fast as `startsWith`, which
 * compares character by character; it is asked of each frame, more than once.
 */
export function beginsWith(text: string, start: string): boolean {
  return text.slice(0, start.length) === start;
}
