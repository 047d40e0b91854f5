/** How many bytes a text takes in UTF-8, if these are more than `maxBytes`; else `undefined`. */
export function bytesBeyond(text: string, maxBytes: number): number | undefined {
  // A UTF-16 code unit takes three bytes at most, so short texts need not be encoded.
  if (text.length * 3 <= maxBytes) return undefined;
  const { length } = new TextEncoder().encode(text);
  return length > maxBytes ? length : undefined;
}
