import type { UIMessage } from 'ai';
import { beginsWith } from '../../protocol/begins-with';
import { frameType, type NumberedFrame } from '../../protocol/compact-replay';
import type { ChunkSource } from './chunk-source';

/**
 * Where a tool call without a final output stands. `waiting` is a call that the page has to answer:
 * that of a client tool, or one that asks for an approval.
 */
type CallStage =
  | 'input-streaming'
  | 'input-available'
  | 'preliminary'
  | 'approved'
  | 'denied'
  | 'waiting';

type PartKind = 'text' | 'reasoning' | 'tool';

/** A text or reasoning that has not ended, or a tool call that has no final output. */
export interface OpenPart {
  readonly kind: PartKind;
  readonly id: string;
  /** Where a tool call stands; `undefined` for other parts. */
  readonly stage?: CallStage;
  readonly providerExecuted?: boolean | undefined;
  readonly dynamic?: boolean | undefined;
  /** The id of the approval that a tool call has asked for. */
  readonly approvalId?: string | undefined;
  /** Whether the part is of the message that the task continues, and the task has not taken it up. */
  readonly isContinued?: boolean;
  /** The source that opened the part, if it is known. */
  readonly source?: ChunkSource | undefined;
  /** The frame of a log that opened the part, which tells it from a later part of the same id. */
  readonly opener?: NumberedFrame | undefined;
}

/** The parts that are open at some point of a stream, in the order of opening. */
export type OpenParts = ReadonlyMap<string, OpenPart>;

/** The parts that are open now, kept up to date in place. */
export type OpenPartsNow = Map<string, OpenPart>;

export const nothingOpen: OpenParts = new Map();

/** A chunk, as far as it tells of parts. */
interface PartChunk {
  readonly type: string;
  readonly id?: string | undefined;
  readonly toolCallId?: string | undefined;
  readonly approvalId?: string | undefined;
  readonly approved?: boolean | undefined;
  readonly preliminary?: boolean | undefined;
  readonly providerExecuted?: boolean | undefined;
  readonly dynamic?: boolean | undefined;
}

type Effect = 'opens' | 'ends' | 'asks' | 'answers' | 'begins' | 'finishes' | 'resets';

/** What chunks do to parts, by type, and to which kind of part. Other chunks open and end nothing. */
const effects = new Map<string, readonly [Effect, PartKind?]>([
  ['text-start', ['opens', 'text']],
  ['text-end', ['ends', 'text']],
  ['reasoning-start', ['opens', 'reasoning']],
  ['reasoning-end', ['ends', 'reasoning']],
  ['tool-input-start', ['opens', 'tool']],
  ['tool-input-available', ['opens', 'tool']],
  ['tool-input-error', ['ends', 'tool']],
  ['tool-output-available', ['ends', 'tool']],
  ['tool-output-error', ['ends', 'tool']],
  ['tool-output-denied', ['ends', 'tool']],
  ['tool-approval-request', ['asks', 'tool']],
  ['tool-approval-response', ['answers', 'tool']],
  ['start', ['begins']],
  ['finish-step', ['finishes']],
  ['reset-step', ['resets']],
]);

function keyOf({ kind, id }: Pick<OpenPart, 'kind' | 'id'>): string {
  return `${kind} ${id}`;
}

/**
 * Replaces parts by what `change` returns for them; `undefined` removes a part. Tells whether any
 * has changed.
 */
function changeParts(
  open: OpenPartsNow,
  change: (part: OpenPart) => OpenPart | undefined,
  parts: Iterable<OpenPart> = open.values(),
): boolean {
  let hasChanged = false;
  for (const part of parts) {
    const next = change(part);
    if (next === part) continue;
    hasChanged = true;
    if (next) open.set(keyOf(part), next);
    else open.delete(keyOf(part));
  }
  return hasChanged;
}

/** A source has finished a step: its calls without an output wait for the page. */
function leaveToPage(open: OpenPartsNow, source: ChunkSource | undefined): boolean {
  return changeParts(open, (part) => {
    // The provider's own tools never wait for the page; their output may come in a later step.
    const isLeft = part.source === source && part.stage === 'input-available';
    return isLeft && !part.providerExecuted ? { ...part, stage: 'waiting' } : part;
  });
}

/**
 * A log has told the message that its task continues. Calls whose approval was answered are executed
 * by the task now; all other calls wait for the page.
 */
function continueParts(open: OpenPartsNow): boolean {
  return changeParts(open, (part) => {
    if (part.kind !== 'tool') return part;
    const isAnswered = part.stage === 'approved' || part.stage === 'denied';
    return { ...part, isContinued: true, stage: isAnswered ? part.stage : 'waiting' };
  });
}

function addPart(open: OpenPartsNow, part: OpenPart): true {
  open.set(keyOf(part), part);
  return true;
}

/**
 * Adds the calls whose approval was answered in the message that a task continues. In AI SDK 6 there
 * is no chunk that tells such an answer.
 */
export function addAnsweredCalls(open: OpenPartsNow, message: UIMessage | undefined): void {
  for (const part of message?.parts ?? []) {
    if (!('toolCallId' in part) || part.state !== 'approval-responded') continue;
    addPart(open, {
      kind: 'tool',
      id: part.toolCallId,
      stage: part.approval.approved ? 'approved' : 'denied',
      providerExecuted: part.providerExecuted,
      dynamic: part.type === 'dynamic-tool' ? true : undefined,
      isContinued: true,
    });
  }
}

/** The parts of `open` that frame `n`, or a frame before it, has opened. */
export function openedUntil(open: OpenParts, n: number): OpenParts {
  return new Map([...open].filter(([, { opener }]) => opener && opener.n <= n));
}

function idOf({ id, toolCallId }: PartChunk, kind: PartKind): string {
  return (kind === 'tool' ? toolCallId : id) ?? '';
}

/** Whether chunks of a type open or end parts, or change how they stand. */
export function concernsParts(type: string | undefined): boolean {
  return type !== undefined && effects.has(type);
}

/** Takes note of a chunk. Tells whether that has changed what is open. */
export function trackChunk(
  open: OpenPartsNow,
  chunk: PartChunk,
  { source, opener }: Pick<OpenPart, 'source' | 'opener'> = {},
): boolean {
  const [effect, kind = 'tool'] = effects.get(chunk.type) ?? [];
  if (effect === undefined) return false;
  const { providerExecuted, dynamic } = chunk;
  const id = idOf(chunk, kind);
  const known = open.get(keyOf({ kind, id }));
  const changeKnown = (change: (part: OpenPart) => OpenPart | undefined) =>
    changeParts(open, change, known ? [known] : []);
  switch (effect) {
    case 'opens': {
      if (kind !== 'tool') return addPart(open, { kind, id, source, opener });
      const stage = chunk.type === 'tool-input-start' ? 'input-streaming' : 'input-available';
      return addPart(open, { kind, id, source, opener, stage, providerExecuted, dynamic });
    }
    case 'ends': {
      if (!chunk.preliminary) return changeKnown(() => undefined);
      const call = known ?? { kind, id, source, opener, providerExecuted, dynamic };
      // A call that waited for the page is worked on by the server now, so the task has taken it up.
      const isContinued = known?.isContinued === true && known.stage !== 'waiting';
      return addPart(open, { ...call, stage: 'preliminary', isContinued });
    }
    case 'asks':
      return changeKnown((part) => ({ ...part, stage: 'waiting', approvalId: chunk.approvalId }));
    case 'answers':
      return changeParts(open, (part) =>
        part.approvalId !== undefined && part.approvalId === chunk.approvalId
          ? { ...part, stage: chunk.approved ? 'approved' : 'denied' }
          : part,
      );
    case 'begins':
      return continueParts(open);
    case 'finishes':
      return leaveToPage(open, source);
    case 'resets':
      return changeParts(open, (part) => (part.isContinued ? part : undefined));
  }
}

/** The beginning of a delta's JSON, as nearly all frames have it; a delta opens and ends nothing. */
const textDelta = '{"type":"text-delta"';

/**
 * What is open after frame `n` of a log, given what is open before it: another object, or the same
 * one if the frame has changed nothing.
 */
export function trackFrame(open: OpenParts, frame: string, n: number): OpenParts {
  if (beginsWith(frame, textDelta) || !concernsParts(frameType(frame))) return open;
  const after = new Map(open);
  return trackChunk(after, JSON.parse(frame), { opener: { n, data: frame } }) ? after : open;
}

/** Whether a frame ends an open part, or an `unknown` one, at which clients of the AI SDK throw. */
export function endedBy(open: OpenParts, frame: string): 'open' | 'unknown' | undefined {
  const [effect, kind = 'tool'] = effects.get(frameType(frame) ?? '') ?? [];
  if (effect !== 'ends') return undefined;
  const chunk: PartChunk = JSON.parse(frame);
  if (chunk.preliminary) return undefined;
  return open.has(keyOf({ kind, id: idOf(chunk, kind) })) ? 'open' : 'unknown';
}
