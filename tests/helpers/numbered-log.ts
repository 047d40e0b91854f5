import { createHash } from 'node:crypto';

/** The n-th chunk of a log that every process can compute, `padding` characters longer than need be. */
export function numberedChunk(n: number, padding = 0): string {
  return JSON.stringify({ type: 'data-n', data: `${n} ä€😀 ${'x'.repeat(padding)}` });
}

/** The chunks from `start` up to, but without, `end`. */
export function numberedChunks(start: number, end: number, padding = 0): string[] {
  return Array.from({ length: end - start }, (_, index) => numberedChunk(start + index, padding));
}

/** A frame as a response sends it. */
export function frameText(cursor: string, chunk: string): string {
  return `id: ${cursor}\ndata: ${chunk}\n\n`;
}

/** A fingerprint of bytes that come in pieces. */
export interface Digest {
  add(text: string): void;
  /** The fingerprint of all bytes so far. */
  value(): string;
}

export function createDigest(): Digest {
  const hash = createHash('sha256');
  return {
    add: (text) => void hash.update(text),
    value: () => hash.copy().digest('hex'),
  };
}

/** The fingerprint of the frames that a reader gets for these chunks, numbered from `start` on. */
export function digestOfChunks(chunks: readonly string[], start = 0): string {
  const digest = createDigest();
  for (const [index, chunk] of chunks.entries()) {
    digest.add(frameText(`0-${start + index}`, chunk));
  }
  return digest.value();
}

/** The fingerprint of the frames `start` up to `end` of a numbered log without padding. */
export function digestOf(start: number, end: number): string {
  return digestOfChunks(numberedChunks(start, end), start);
}
