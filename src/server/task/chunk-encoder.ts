import { bytesBeyond } from '../log/bytes-beyond';
import { encodeChunk } from './encode-chunk';
import { createTooLargeError } from './writer-errors';

/**
 * Gives chunks as they are stored in a log that takes so many bytes at once. `subject` is the part of
 * the chunk that came from outside and is called `path`, and `whole` what the chunk is called, whose
 * size counts.
 *
 * @throws TaskError `unserializable` when JSON cannot carry the subject, `frame-too-large` when the
 * log does not take so much at once.
 */
export function createChunkEncoder(
  maxFrameBytes: number,
): (chunk: object, path: string, subject?: unknown, whole?: string) => string {
  return (chunk: object, path: string, subject: unknown = chunk, whole: string = path): string => {
    const data = encodeChunk(chunk, path, subject);
    const bytes = bytesBeyond(data, maxFrameBytes);
    if (bytes === undefined) return data;
    throw createTooLargeError({ path: whole, bytes, maxFrameBytes });
  };
}
