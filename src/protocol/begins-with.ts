/**
 * Whether a text begins with another, several times as fast as `startsWith`, which V8 does character
 * by character. The speed matters, because each frame is tested more than once.
 */
export function beginsWith(text: string, start: string): boolean {
  return text.slice(0, start.length) === start;
}
