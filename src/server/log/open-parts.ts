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

/**
 * The parts that are open at some point of a stream, in the order of opening. Immutable: for a later
 * point there is another object, or the same one if nothing was opened or ended in between.
 */
export type OpenParts = ReadonlyMap<string, OpenPart>;

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

function withPart(open: OpenParts, part: OpenPart): OpenParts {
  return new Map(open).set(`${part.kind} ${part.id}`, part);
}

/** Replaces parts by what `change` returns for them; `undefined` removes a part. */
function changeParts(open: OpenParts, change: (part: OpenPart) => OpenPart | undefined): OpenParts {
  let changed: Map<string, OpenPart> | undefined;
  for (const [key, part] of open) {
    const next = change(part);
    if (next === part) continue;
    changed ??= new Map(open);
    if (next) changed.set(key, next);
    else changed.delete(key);
  }
  return changed ?? open;
}

/** What is open once a source has finished a step: its calls without an output wait for the page. */
function leaveToPage(open: OpenParts, source: ChunkSource | undefined): OpenParts {
  return changeParts(open, (part) => {
    // The provider's own tools never wait for the page; their output may come in a later step.
    const isLeft = part.source === source && part.stage === 'input-available';
    return isLeft && !part.providerExecuted ? { ...part, stage: 'waiting' } : part;
  });
}

/**
 * What is open once a log has told the message that its task continues. Calls whose approval was
 * answered are executed by the task now; all other calls wait for the page.
 */
function continueParts(open: OpenParts): OpenParts {
  return changeParts(open, (part) => {
    if (part.kind !== 'tool') return part;
    const isAnswered = part.stage === 'approved' || part.stage === 'denied';
    return { ...part, isContinued: true, stage: isAnswered ? part.stage : 'waiting' };
  });
}

/**
 * Adds the calls whose approval was answered in the message that a task continues. In AI SDK 6 there
 * is no chunk that tells such an answer.
 */
export function withAnsweredCalls(open: OpenParts, message: UIMessage | undefined): OpenParts {
  let parts = open;
  for (const part of message?.parts ?? []) {
    if (!('toolCallId' in part) || part.state !== 'approval-responded') continue;
    parts = withPart(parts, {
      kind: 'tool',
      id: part.toolCallId,
      stage: part.approval.approved ? 'approved' : 'denied',
      providerExecuted: part.providerExecuted,
      dynamic: part.type === 'dynamic-tool' ? true : undefined,
      isContinued: true,
    });
  }
  return parts;
}

/** The parts of `open` that frame `n`, or a frame before it, has opened. */
export function openedUntil(open: OpenParts, n: number): OpenParts {
  return changeParts(open, (part) => (part.opener && part.opener.n <= n ? part : undefined));
}

function idOf({ id, toolCallId }: PartChunk, kind: PartKind): string {
  return (kind === 'tool' ? toolCallId : id) ?? '';
}

/** What is open after a chunk, given what is open before it. */
export function trackChunk(
  open: OpenParts,
  chunk: PartChunk,
  { source, opener }: Pick<OpenPart, 'source' | 'opener'> = {},
): OpenParts {
  const [effect, kind = 'tool'] = effects.get(chunk.type) ?? [];
  if (effect === undefined) return open;
  const { providerExecuted, dynamic } = chunk;
  const id = idOf(chunk, kind);
  const changeNamed = (change: (part: OpenPart) => OpenPart | undefined) =>
    changeParts(open, (part) => (part.kind === kind && part.id === id ? change(part) : part));
  switch (effect) {
    case 'opens': {
      if (kind !== 'tool') return withPart(open, { kind, id, source, opener });
      const stage = chunk.type === 'tool-input-start' ? 'input-streaming' : 'input-available';
      return withPart(open, { kind, id, source, opener, stage, providerExecuted, dynamic });
    }
    case 'ends': {
      if (!chunk.preliminary) return changeNamed(() => undefined);
      const known = open.get(`${kind} ${id}`);
      const call = known ?? { kind, id, source, opener, providerExecuted, dynamic };
      // A call that waited for the page is worked on by the server now, so the task has taken it up.
      const isContinued = known?.isContinued === true && known.stage !== 'waiting';
      return withPart(open, { ...call, stage: 'preliminary', isContinued });
    }
    case 'asks':
      return changeNamed((part) => ({ ...part, stage: 'waiting', approvalId: chunk.approvalId }));
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

/** What is open after a frame of a log, given the frame's number. */
export function trackFrame(open: OpenParts, frame: string, n: number): OpenParts {
  if (beginsWith(frame, textDelta) || !effects.has(frameType(frame) ?? '')) return open;
  return trackChunk(open, JSON.parse(frame), { opener: { n, data: frame } });
}

/** Whether a frame ends an open part, or an `unknown` one, at which clients of the AI SDK throw. */
export function endedBy(open: OpenParts, frame: string): 'open' | 'unknown' | undefined {
  const [effect, kind = 'tool'] = effects.get(frameType(frame) ?? '') ?? [];
  if (effect !== 'ends') return undefined;
  const chunk: PartChunk = JSON.parse(frame);
  if (chunk.preliminary) return undefined;
  return open.has(`${kind} ${idOf(chunk, kind)}`) ? 'open' : 'unknown';
}
