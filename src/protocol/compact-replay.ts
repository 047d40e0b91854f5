import { beginsWith } from './begins-with';

/** A stored frame: its number within the epoch, and its chunk as JSON. */
export interface NumberedFrame {
  readonly n: number;
  readonly data: string;
}

/** The chunks that carry a part's text in pieces. */
export type DeltaType = 'text-delta' | 'reasoning-delta' | 'tool-input-delta';

/** The names of a delta's members. */
export interface DeltaShape {
  /** The member that names the part which the delta belongs to. */
  readonly idKey: string;
  /** The member that holds the piece of text. */
  readonly textKey: string;
  /** All members that are known; a delta with others is never fused. */
  readonly knownKeys: ReadonlySet<string>;
}

const textShape: DeltaShape = {
  idKey: 'id',
  textKey: 'delta',
  knownKeys: new Set(['type', 'id', 'delta', 'providerMetadata']),
};

/** The members of the deltas that may be fused, by the delta's type. */
export const deltaShapes: Record<DeltaType, DeltaShape> = {
  'text-delta': textShape,
  'reasoning-delta': textShape,
  'tool-input-delta': {
    idKey: 'toolCallId',
    textKey: 'inputTextDelta',
    knownKeys: new Set(['type', 'toolCallId', 'inputTextDelta']),
  },
};

/**
 * A fused delta is cut beyond this length, so that one frame stays of a bounded size. V8 keeps
 * strings above 128 KiB apart, where they take several times as long to make.
 */
const maxFusedLength = 64 * 1024;

const typeField = '{"type":"';

const backslash = 0x5c;

/**
 * The type of a chunk that is JSON; read from the front of the JSON, where nearly every chunk has
 * it. `undefined` for JSON that is no object.
 */
export function frameType(data: string): string | undefined {
  if (beginsWith(data, typeField)) {
    return data.slice(typeField.length, data.indexOf('"', typeField.length));
  }
  if (!data.startsWith('{')) return undefined;
  const { type } = JSON.parse(data) as { type?: string };
  return type;
}

export function isDeltaType(type: string | undefined): type is DeltaType {
  return type !== undefined && Object.hasOwn(deltaShapes, type);
}

/** A run of neighbouring deltas of one part, which become one frame. */
interface Run {
  readonly type: DeltaType;
  readonly id: string;
  /** The JSON of each delta up to its text. */
  readonly head: string;
  /** The texts, as JSON without the quotes. */
  readonly texts: string[];
  /** Characters of the texts. */
  length: number;
  providerMetadata: unknown;
  /** The number of the run's last frame, and that frame, which is sent as it is if it is the only one. */
  n: number;
  data: string;
}

function startRun(type: DeltaType, n: number, data: string): Run | undefined {
  const { idKey, textKey, knownKeys } = deltaShapes[type];
  const chunk = JSON.parse(data) as Record<string, unknown>;
  const id = chunk[idKey];
  const text = chunk[textKey];
  const isPlain =
    typeof id === 'string' &&
    typeof text === 'string' &&
    Object.keys(chunk).every((key) => knownKeys.has(key));
  if (!isPlain) return undefined;
  const head = `${typeField}${type}","${idKey}":${JSON.stringify(id)},"${textKey}":"`;
  const json = JSON.stringify(text).slice(1, -1);
  const { providerMetadata } = chunk;
  return { type, id, head, texts: [json], length: json.length, providerMetadata, n, data };
}

/** Whether the quote at an index is escaped, and so belongs to the text. */
function isEscaped(json: string, index: number): boolean {
  let before = index;
  while (json.charCodeAt(before - 1) === backslash) before--;
  return (index - before) % 2 === 1;
}

/** Whether the string that begins before `start` is the last thing in the JSON of a chunk. */
function endsAsText(json: string, start: number): boolean {
  let end = json.indexOf('"', start);
  while (end > 0 && isEscaped(json, end)) end = json.indexOf('"', end + 1);
  return end === json.length - 2;
}

function add(run: Run, n: number, data: string, text: string): boolean {
  if (run.length + text.length > maxFusedLength) return false;
  run.texts.push(text);
  run.length += text.length;
  run.n = n;
  run.data = data;
  return true;
}

/** Adds a delta whose JSON begins as that of the run's first one does, without parsing it. */
function addAlike(run: Run, n: number, data: string): boolean {
  const { head } = run;
  if (!beginsWith(data, head) || !endsAsText(data, head.length)) return false;
  return add(run, n, data, data.slice(head.length, -2));
}

/** Adds a delta, parsed as a run of its own, if it is of the same part. */
function addRun(run: Run, { type, id, texts, providerMetadata, n, data }: Run): boolean {
  const isSame = run.type === type && run.id === id;
  if (!isSame || !add(run, n, data, texts[0] ?? '')) return false;
  run.providerMetadata = providerMetadata ?? run.providerMetadata;
  return true;
}

function endRun({ head, texts, providerMetadata, n, data }: Run): NumberedFrame {
  if (texts.length === 1) return { n, data };
  const metadata =
    providerMetadata == null ? '' : `,"providerMetadata":${JSON.stringify(providerMetadata)}`;
  return { n, data: `${head}${texts.join('')}"${metadata}}` };
}

/** Whether a frame is a delta of text, as most frames are: told without allocating anything. */
function isTextDelta(data: string): boolean {
  return beginsWith(data, '{"type":"text-delta"');
}

/**
 * The frames across which no snapshot may be dropped. A `reset-step` takes parts away, so that the
 * next snapshot of a task gets a new place in the message; to a checkpoint, readers go back.
 */
const borders = new Set<unknown>(['reset-step', 'data-task-checkpoint', 'data-task-rewind']);

/**
 * The numbers of the first and of the newest `data-task` frame of each task, between one border and
 * the next.
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
    if (isTextDelta(data)) continue;
    const type = frameType(data);
    if (borders.has(type)) keepNewest();
    if (type !== 'data-task') continue;
    const { id } = JSON.parse(data) as { id?: unknown };
    if (!newest.has(id)) kept.add(n);
    newest.set(id, n);
  }
  keepNewest();
  return kept;
}

/**
 * Compacts frames for a replay, lazily. Of each task's `data-task` frames the first and the newest
 * are kept. Then neighbouring deltas of one part are fused into one, with the number of the last
 * delta and the last `providerMetadata` that is not null. All other frames pass as they are, and so
 * do deltas with unknown members. A client learns the same as from the whole log.
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
    const data = frameAt(n);
    if (run && addAlike(run, n, data)) continue;
    const type = frameType(data);
    if (type === 'data-task' && !kept.has(n)) continue;
    const next = isDeltaType(type) ? startRun(type, n, data) : undefined;
    if (run && next && addRun(run, next)) continue;
    if (run) yield endRun(run);
    if (!next) yield { n, data };
    run = next;
  }
  if (run) yield endRun(run);
}
