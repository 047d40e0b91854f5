import type { UIMessageChunk } from 'ai';

/** Chunks of a text, as a model streams it. */
export function textChunks(text: string, id = 'text'): UIMessageChunk[] {
  return [
    { type: 'text-start', id },
    { type: 'text-delta', id, delta: text },
    { type: 'text-end', id },
  ];
}
