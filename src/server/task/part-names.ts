import type { UIMessageChunk } from 'ai';
import type { ChunkSource } from '../log/chunk-source';

/** Makes sure that parts of different sources have different names in the log. */
export interface PartNames {
  /** The chunk with the name that its part has in the log; nearly always the same chunk. */
  own(chunk: UIMessageChunk, source: ChunkSource): UIMessageChunk;
  /** Takes note of a part that an earlier attempt has started, as if the source had. */
  recall(chunk: UIMessageChunk, source: ChunkSource): void;
}

/** Types of chunks that begin a part. `tool-input-error` ends the part that it begins as well. */
export const partStarts: ReadonlySet<string> = new Set([
  'text-start',
  'reasoning-start',
  'tool-input-start',
  'tool-input-available',
  'tool-input-error',
]);

/** The kind of part that a chunk belongs to, the field that names the part, and its name. */
function namedBy(chunk: UIMessageChunk): { kind: string; field: string; name: string } | undefined {
  const kind = /^(text|reasoning|tool)-/.exec(chunk.type)?.[1];
  if (kind === undefined) return undefined;
  const field = kind === 'tool' ? 'toolCallId' : 'id';
  const { [field]: name } = chunk as { readonly [field: string]: unknown };
  return typeof name === 'string' ? { kind, field, name } : undefined;
}

/** In place of the owner of a name that was made here: its source may have a part of that name, too. */
const given = Symbol('given');

/**
 * A part belongs to the source that started it. A part whose name another source has used is renamed
 * for good, because each `streamText` counts its parts from 0. A source may go on with a part that
 * another one started, because only starts are renamed. Tool calls written by hand are never renamed,
 * because they may answer a call of a merged stream.
 */
export function createPartNames(): PartNames {
  // Who has used each name, by kind and name.
  const owners = new Map<string, ChunkSource | typeof given>();

  const freeName = (kind: string, name: string): string => {
    for (let count = 2; ; count++) {
      const candidate = `${name}-${count}`;
      if (!owners.has(`${kind} ${candidate}`)) return candidate;
    }
  };

  return {
    recall(chunk, source) {
      const part = partStarts.has(chunk.type) ? namedBy(chunk) : undefined;
      if (part) owners.set(`${part.kind} ${part.name}`, source);
    },
    own(chunk, source) {
      const isStart = partStarts.has(chunk.type);
      if (!isStart && source.names === undefined) return chunk;
      const part = namedBy(chunk);
      if (!part) return chunk;
      const { kind, field, name } = part;
      const key = `${kind} ${name}`;
      let own = source.names?.get(key);
      if (isStart && own === undefined) {
        const owner = owners.get(key);
        if (owner === undefined) owners.set(key, source);
        else if (owner !== source && (kind !== 'tool' || source.isMerged)) {
          own = freeName(kind, name);
          owners.set(`${kind} ${own}`, given);
          source.names ??= new Map();
          source.names.set(key, own);
        }
      }
      return own === undefined ? chunk : { ...chunk, [field]: own };
    },
  };
}
