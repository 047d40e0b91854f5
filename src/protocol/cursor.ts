/** Names a frame within a log: the `epoch` it was written in, and its number `n` there, both from 0. */
export interface Cursor {
  readonly epoch: number;
  readonly n: number;
}

// 15 digits stay below Number.MAX_SAFE_INTEGER.
const cursorPattern = /^(0|[1-9]\d{0,14})-(0|[1-9]\d{0,14})$/;

/** Writes a cursor as it stands in a frame's `id:` line, such as `0-41`. */
export function formatCursor(epoch: number, n: number): string {
  return `${epoch}-${n}`;
}

/** Reads `epoch-n`; `undefined` when the text is not of that form. */
export function parseCursor(text: string): Cursor | undefined {
  const match = cursorPattern.exec(text);
  return match ? { epoch: Number(match[1]), n: Number(match[2]) } : undefined;
}
