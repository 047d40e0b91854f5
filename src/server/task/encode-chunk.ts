import type { UIMessageChunk } from 'ai';
import { bytesBeyond } from '../log/bytes-beyond';
import { serialize, serializeFaithfully } from '../log/serialize';
import { createTooLargeError } from './writer-errors';

type Delta = Extract<UIMessageChunk, { type: 'text-delta' | 'reasoning-delta' }>;

/** Whether a chunk is a delta with nothing but its text, as nearly all of a long answer are. */
function isPlainDelta(chunk: object): chunk is Delta {
  const { type, id, delta, toJSON } = chunk as Record<'type' | 'id' | 'delta' | 'toJSON', unknown>;
  if (type !== 'text-delta' && type !== 'reasoning-delta') return false;
  if (typeof id !== 'string' || typeof delta !== 'string' || toJSON !== undefined) return false;
  let count = 0;
  for (const _key in chunk) count++;
  return count === 3;
}

/** Characters that JSON escapes in a string, and all surrogates, of which it escapes lone ones. */
const escaped = /[^ !#-[\]-\ud7ff\ue000-\uffff]/;

/** The start of the newest plain delta's JSON, reused because deltas of one part follow each other. */
let newest = { type: '', id: '', head: '' };

/**
 * The JSON of a plain delta, put together by hand, several times as fast as `JSON.stringify` makes it
 * of the object. `undefined` for any other chunk.
 */
export function encodePlainDelta(chunk: object): string | undefined {
  if (!isPlainDelta(chunk)) return undefined;
  const { type, id, delta } = chunk;
  if (newest.type !== type || newest.id !== id) {
    newest = { type, id, head: `{"type":"${type}","id":${JSON.stringify(id)},"delta":` };
  }
  return escaped.test(delta)
    ? `${newest.head}${JSON.stringify(delta)}}`
    : `${newest.head}"${delta}"}`;
}

/**
 * The JSON of a chunk. `subject` is the part of the chunk that the host made, or the chunk itself.
 *
 * @throws TaskError `unserializable`, see {@link serialize} and {@link serializeFaithfully}.
 */
export function encodeChunk(chunk: object, path: string, subject: unknown): string {
  const data = encodePlainDelta(chunk);
  if (data !== undefined) return data;
  return subject === chunk ? serialize(chunk, path) : serializeFaithfully(chunk, path, subject);
}

/**
 * Returns a function that encodes a chunk for a log whose frames have at most `maxFrameBytes` bytes.
 * Its `subject` is the part of the chunk that came from outside, which errors name `path`; `whole`
 * names the chunk in errors about its size.
 *
 * @throws TaskError `unserializable` when JSON cannot carry the subject, `frame-too-large` when the
 * chunk is larger than a frame may be.
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
