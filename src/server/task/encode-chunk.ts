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

/** What JSON escapes within a string; of surrogates it would escape those without their other half. */
const escaped = /[^ !#-[\]-\ud7ff\ue000-\uffff]/;

/** The newest start of a plain delta's JSON: one follows another of the same part. */
let newest = { type: '', id: '', head: '' };

/**
 * A plain delta as JSON, put together from its text, which is several times as fast as
 * `JSON.stringify` is for an object; `undefined` for any other chunk.
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
 * A chunk as JSON; `subject` is the part of it that the host made, if that is not the whole.
 *
 * @throws TaskError `unserializable`, see {@link serialize} and {@link serializeFaithfully}.
 */
export function encodeChunk(chunk: object, path: string, subject: unknown): string {
  const data = encodePlainDelta(chunk);
  if (data !== undefined) return data;
  return subject === chunk ? serialize(chunk, path) : serializeFaithfully(chunk, path, subject);
}

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
