import type { UIMessageChunk } from 'ai';
import type { ChunkSource } from '../log/chunk-source';

/** Sees to it that no two sources call their parts the same. */
export interface PartNames {
  /** The chunk as it has to be called in the log; itself, nearly always. */
  own(chunk: UIMessageChunk, source: ChunkSource): UIMessageChunk;
}

/** These begin a part, and a part that an input with an error begins is over with it. */
export const partStarts: ReadonlySet<string> = new Set([
  'text-start',
  'reasoning-start',
  'tool-input-start',
  'tool-input-available',
  'tool-input-error',
]);

/** What kind of part a chunk belongs to, and the field that names it. */
function namedBy(chunk: UIMessageChunk): { kind: string; field: string; name: string } | undefined {
  const kind = /^(text|reasoning|tool)-/.exec(chunk.type)?.[1];
  if (kind === undefined) return undefined;
  const field = kind === 'tool' ? 'toolCallId' : 'id';
  const { [field]: name } = chunk as { readonly [field: string]: unknown };
  return typeof name === 'string' ? { kind, field, name } : undefined;
}

/**
 * A part belongs to the source that started it. One whose name was another source's before is
 * called otherwise, for good: `streamText` counts its parts from 0 each time. A source may go on
 * with a part that it did not start, since only starts are looked at; and it is never a call
 * written by hand that is called otherwise, because whoever writes it may answer for a merged one.
 */
export function createPartNames(): PartNames {
  const owners = new Map<string, ChunkSource>();

  const freeName = (kind: string, name: string): string => {
    for (let count = 2; ; count++) {
      const candidate = `${name}-${count}`;
      if (!owners.has(`${kind} ${candidate}`)) return candidate;
    }
  };

  return {
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
          owners.set(`${kind} ${own}`, source);
          source.names ??= new Map();
          source.names.set(key, own);
        }
      }
      return own === undefined ? chunk : { ...chunk, [field]: own };
    },
  };
}
