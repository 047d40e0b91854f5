import type { UIMessageChunk } from 'ai';
import { storedChunksIn } from '../../helpers/sse';

/** What of a log lies between the first snapshot and the final one. */
export function between(text: string): UIMessageChunk[] {
  const chunks = storedChunksIn(text).slice(2);
  return chunks.slice(
    0,
    chunks.findIndex(({ type }) => type === 'data-task'),
  );
}
