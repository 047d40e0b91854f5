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

const backslash = 0x5c;

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
  /** What the JSON of its deltas has before their text. */
  readonly head: string;
  /** The texts, as JSON without the quotes. */
  readonly texts: string[];
  /** Characters of the texts. */
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
  const head = `${typeField}${type}","${idKey}":${JSON.stringify(id)},"${textKey}":"`;
  const json = JSON.stringify(text).slice(1, -1);
  const { providerMetadata } = chunk;
  return { type, id, head, texts: [json], length: json.length, providerMetadata, last: frame };
}

/** Whether the quote at an index belongs to the text, being escaped. */
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

function add(run: Run, frame: NumberedFrame, text: string): boolean {
  if (run.length + text.length > maxFusedLength) return false;
  run.texts.push(text);
  run.length += text.length;
  run.last = frame;
  return true;
}

/** Adds a delta that looks like the first one; without parsing it, because most do. */
function addAlike(run: Run, frame: NumberedFrame): boolean {
  const { data } = frame;
  const { head } = run;
  if (!data.startsWith(head) || !endsAsText(data, head.length)) return false;
  return add(run, frame, data.slice(head.length, -2));
}

/** Adds a delta if it is of the same part. */
function addRun(run: Run, { type, id, texts, providerMetadata, last }: Run): boolean {
  const isSame = run.type === type && run.id === id;
  if (!isSame || !add(run, last, texts[0] ?? '')) return false;
  run.providerMetadata = providerMetadata ?? run.providerMetadata;
  return true;
}

function endRun({ head, texts, providerMetadata, last }: Run): NumberedFrame {
  if (texts.length === 1) return last;
  const metadata =
    providerMetadata == null ? '' : `,"providerMetadata":${JSON.stringify(providerMetadata)}`;
  return { n: last.n, data: `${head}${texts.join('')}"${metadata}}` };
}

/** Whether a frame is of a type; nothing is made of one that is not. */
function isOfType(data: string, type: 'data-task' | 'reset-step'): boolean {
  if (!data.startsWith(typeField)) return frameType(data) === type;
  return data.startsWith(`${type}"`, typeField.length);
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
    if (isOfType(data, 'reset-step')) keepNewest();
    if (!isOfType(data, 'data-task')) continue;
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
    if (run && addAlike(run, frame)) continue;
    const type = frameType(frame.data);
    if (type === 'data-task' && !kept.has(n)) continue;
    const next = isDeltaType(type) ? startRun(type, frame) : undefined;
    if (run && next && addRun(run, next)) continue;
    if (run) yield endRun(run);
    if (!next) yield frame;
    run = next;
  }
  if (run) yield endRun(run);
}
