import type { UIMessageChunk } from 'ai';
import {
  type DeltaShape,
  type DeltaType,
  deltaShapes,
  isDeltaType,
} from '../../protocol/compact-replay';

/** What a task has written, as far as its message is made of it. */
export interface MessageRecord {
  /**
   * Takes note of a chunk that went into the log.
   *
   * @param frame The chunk as JSON, which is what counts: the host may change the object later.
   */
  add(chunk: UIMessageChunk, frame: string): void;
  /** Forgets all chunks that were noted. */
  restart(): void;
  /** Chunks that make the same message as all chunks that were noted. */
  chunks(): Generator<UIMessageChunk, undefined>;
}

/** Deltas of one part, put together. */
interface DeltaRun {
  readonly type: DeltaType;
  readonly id: string;
  text: string;
  providerMetadata: unknown;
}

/** A chunk that later chunks of the same name replace: the first one of them, and the newest. */
interface Replaced {
  readonly first: string;
  newest: string;
}

/** Chunks that add a part or change metadata, in the same way before and after any deltas. */
const commutes = /^(data-|source-|message-metadata$|(reasoning-)?file$|custom$|steering-message$)/;

type Members = Readonly<Record<string, unknown>>;

/** Whether a delta has nothing but its text, as nearly all of a long answer have. */
function isPlain(delta: Members, { idKey, textKey }: DeltaShape): boolean {
  if (typeof delta[idKey] !== 'string' || typeof delta[textKey] !== 'string') return false;
  if (delta.toJSON !== undefined) return false;
  let count = 0;
  for (const _key in delta) count++;
  return count === 3;
}

/** Reads a delta; `undefined` if it has members that are not known. */
function readDelta(chunk: UIMessageChunk, frame: string, type: DeltaType): DeltaRun | undefined {
  const shape = deltaShapes[type];
  const delta: Members = isPlain(chunk, shape) ? chunk : JSON.parse(frame);
  const { [shape.idKey]: id, [shape.textKey]: text, providerMetadata } = delta;
  if (typeof id !== 'string' || typeof text !== 'string') return undefined;
  if (delta !== chunk && !Object.keys(delta).every((key) => shape.knownKeys.has(key))) {
    return undefined;
  }
  return { type, id, text, providerMetadata };
}

function chunkOf({ type, id, text, providerMetadata }: DeltaRun): UIMessageChunk {
  const { idKey, textKey } = deltaShapes[type];
  const metadata = providerMetadata == null ? {} : { providerMetadata };
  return { type, [idKey]: id, [textKey]: text, ...metadata } as UIMessageChunk;
}

/**
 * Keeps what a task writes, for the message that is built of it at the end, without a storage, which
 * may have lost some of it. Deltas of one part are fused, also when deltas of other parts come between
 * them. Of a data part and of a tool's preliminary output, the first and the newest chunk are kept. So
 * the work at the end grows with the message, and not with the number of its chunks.
 */
export function createMessageRecord(): MessageRecord {
  const entries: (string | DeltaRun | Replaced)[] = [];
  // The runs that the next delta of the same part is added to, by the delta's type.
  const runs: Record<DeltaType, Map<string, DeltaRun>> = {
    'text-delta': new Map(),
    'reasoning-delta': new Map(),
    'tool-input-delta': new Map(),
  };
  // Data parts by type and id, and preliminary outputs by toolCallId.
  const data = new Map<string, Replaced>();
  const outputs = new Map<string, Replaced>();

  const addDelta = (chunk: UIMessageChunk, frame: string, type: DeltaType) => {
    const delta = readDelta(chunk, frame, type);
    // A preliminary output after more input does not replace the one before it.
    if (type === 'tool-input-delta') outputs.delete(delta?.id ?? '');
    const run = delta && runs[type].get(delta.id);
    if (run) {
      run.text += delta.text;
      run.providerMetadata = delta.providerMetadata ?? run.providerMetadata;
      return;
    }
    entries.push(delta ?? frame);
    if (delta) runs[type].set(delta.id, delta);
    // An unknown delta may concern any part, so deltas after it must not be fused with earlier ones.
    else runs[type].clear();
  };

  /** Adds a chunk, or puts it in place of the newest chunk of the same name. */
  const replace = (former: Map<string, Replaced>, name: string, frame: string) => {
    const entry = former.get(name);
    if (entry) {
      entry.newest = frame;
      return;
    }
    const added = { first: frame, newest: frame };
    entries.push(added);
    former.set(name, added);
  };

  const endRuns = () => {
    for (const open of Object.values(runs)) open.clear();
    outputs.clear();
  };

  const addOther = (chunk: UIMessageChunk, frame: string) => {
    const { type, id, toolCallId, transient } = chunk as Members & { type: string };
    if (type.startsWith('data-')) {
      if (transient) return;
      if (typeof id === 'string') return replace(data, `${type} ${id}`, frame);
    } else if (type.startsWith('tool-') && typeof toolCallId === 'string') {
      runs['tool-input-delta'].delete(toolCallId);
      const { preliminary, providerMetadata, toolMetadata } = chunk as Members;
      // Only outputs without metadata replace each other: metadata of an earlier one would stay.
      if (preliminary && providerMetadata == null && toolMetadata == null) {
        return replace(outputs, toolCallId, frame);
      }
      outputs.delete(toolCallId);
    } else if (type === 'text-start' || type === 'text-end') {
      runs['text-delta'].delete(String(id));
    } else if (type === 'reasoning-start' || type === 'reasoning-end') {
      runs['reasoning-delta'].delete(String(id));
    } else if (!commutes.test(type)) {
      endRuns();
      // A `reset-step` takes parts away, so that the next chunk of a data part gets a new place.
      if (type === 'reset-step') data.clear();
    }
    entries.push(frame);
  };

  return {
    add(chunk, frame) {
      const { type } = chunk;
      if (isDeltaType(type)) addDelta(chunk, frame, type);
      else addOther(chunk, frame);
    },
    restart() {
      entries.length = 0;
      endRuns();
      data.clear();
    },
    *chunks() {
      for (const entry of entries) {
        if (typeof entry === 'string') yield JSON.parse(entry);
        else if ('text' in entry) yield chunkOf(entry);
        else {
          yield JSON.parse(entry.first);
          if (entry.newest !== entry.first) yield JSON.parse(entry.newest);
        }
      }
      return undefined;
    },
  };
}
