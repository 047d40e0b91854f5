/** What a stored frame takes beside its text, in bytes: an estimate, measured with Node 20. */
export const frameOverheadBytes = 76;

/** About how many bytes frames take. */
export function bytesOf(frames: readonly string[]): number {
  return frames.reduce((sum, { length }) => sum + length + frameOverheadBytes, 0);
}
