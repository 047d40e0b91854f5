/** How many bytes a text is in UTF-8, if those are more than `maxBytes`. */
export function bytesBeyond(text: string, maxBytes: number): number | undefined {
  // One character is three bytes at most.
  if (text.length * 3 <= maxBytes) return undefined;
  const { length } = new TextEncoder().encode(text);
  return length > maxBytes ? length : undefined;
}
