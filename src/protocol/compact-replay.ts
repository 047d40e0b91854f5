/** A stored frame: its number within the epoch, and its chunk as JSON. */
export interface NumberedFrame {
  readonly n: number;
  readonly data: string;
}

type DeltaType = 'text-delta' | 'reasoning-delta' | 'tool-input-delta';

interface DeltaShape {
  /** Names the part that the delta belongs to. */
  readonly idKey: string;
  readonly textKey: string;
  readonly knownKeys: ReadonlySet<string>;
}

const textShape: DeltaShape = {
  idKey: 'id',
  textKey: 'delta',
  knownKeys: new Set(['type', 'id', 'delta', 'providerMetadata']),
};

const deltaShapes: Record<DeltaType, DeltaShape> = {
  'text-delta': textShape,
  'reasoning-delta': textShape,
  'tool-input-delta': {
    idKey: 'toolCallId',
    textKey: 'inputTextDelta',
    knownKeys: new Set(['type', 'toolCallId', 'inputTextDelta']),
  },
};

/** A fused delta is cut beyond this length, so that one frame stays of a bounded size. */
const maxFusedLength = 512 * 1024;

const typeField = '{"type":"';

/**
 * The type of a chunk that is JSON; read from the front of the JSON, where nearly every chunk has
 * it. `undefined` for JSON that is no object.
 */
export function frameType(data: string): string | undefined {
  if (!data.startsWith('{')) return undefined;
  if (data.startsWith(typeField)) {
    return data.slice(typeField.length, data.indexOf('"', typeField.length));
  }
  const { type } = JSON.parse(data) as { type?: string };
  return type;
}

function isDeltaType(type: string | undefined): type is DeltaType {
  return type !== undefined && Object.hasOwn(deltaShapes, type);
}

/** A run of neighbouring deltas of one part. */
interface Run {
  readonly type: DeltaType;
  readonly id: string;
  readonly texts: string[];
  length: number;
  providerMetadata: unknown;
  /** The run's last frame, sent as it is when the run has no other. */
  last: NumberedFrame;
}

function startRun(type: DeltaType, frame: NumberedFrame): Run | undefined {
  const { idKey, textKey, knownKeys } = deltaShapes[type];
  const chunk = JSON.parse(frame.data) as Record<string, unknown>;
  const id = chunk[idKey];
  const text = chunk[textKey];
  const isPlain =
    typeof id === 'string' &&
    typeof text === 'string' &&
    Object.keys(chunk).every((key) => knownKeys.has(key));
  if (!isPlain) return undefined;
  const { providerMetadata } = chunk;
  return { type, id, texts: [text], length: text.length, providerMetadata, last: frame };
}

function joins(run: Run, next: Run): boolean {
  return run.type === next.type && run.id === next.id && run.length + next.length <= maxFusedLength;
}

function endRun({ type, id, texts, providerMetadata, last }: Run): NumberedFrame {
  if (texts.length === 1) return last;
  const { idKey, textKey } = deltaShapes[type];
  const chunk = {
    type,
    [idKey]: id,
    [textKey]: texts.join(''),
    ...(providerMetadata != null && { providerMetadata }),
  };
  return { n: last.n, data: JSON.stringify(chunk) };
}

/**
 * The numbers of the first and of the newest `data-task` frame of each task, between one
 * `reset-step` and the next: that chunk takes parts away, and what comes then has a new place.
 */
function keptSnapshots(frameAt: (n: number) => string, start: number, end: number): Set<number> {
  const kept = new Set<number>();
  const newest = new Map<unknown, number>();
  const keepNewest = () => {
    for (const n of newest.values()) kept.add(n);
    newest.clear();
  };
  for (let n = start; n < end; n++) {
    const data = frameAt(n);
    const type = frameType(data);
    if (type === 'reset-step') keepNewest();
    if (type !== 'data-task') continue;
    const { id } = JSON.parse(data) as { id?: unknown };
    if (!newest.has(id)) kept.add(n);
    newest.set(id, n);
  }
  keepNewest();
  return kept;
}

/**
 * Compacts frames for a replay, lazily. Of `data-task` the first and the newest are kept per
 * task; then neighbouring deltas of one part become one, which has the last one's number and the
 * last `providerMetadata` that is not null. Everything else passes as it is, and so do deltas
 * with keys that are not known here. What is left tells a client the same as the whole.
 *
 * @param frameAt Gives the JSON of frame `n`, for `start <= n < end`.
 */
export function* compactReplay(
  frameAt: (n: number) => string,
  start: number,
  end: number,
): Generator<NumberedFrame, undefined> {
  const kept = keptSnapshots(frameAt, start, end);
  let run: Run | undefined;
  for (let n = start; n < end; n++) {
    const frame = { n, data: frameAt(n) };
    const type = frameType(frame.data);
    if (type === 'data-task' && !kept.has(n)) continue;
    const next = isDeltaType(type) ? startRun(type, frame) : undefined;
    if (run && next && joins(run, next)) {
      run.texts.push(...next.texts);
      run.length += next.length;
      run.providerMetadata = next.providerMetadata ?? run.providerMetadata;
      run.last = frame;
      continue;
    }
    if (run) yield endRun(run);
    if (!next) yield frame;
    run = next;
  }
  if (run) yield endRun(run);
}
