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
  /** Of tool calls only. */
  readonly stage?: CallStage;
  readonly providerExecuted?: boolean | undefined;
  readonly dynamic?: boolean | undefined;
  /** Names the approval that a tool call has asked for. */
  readonly approvalId?: string | undefined;
  /** Whether it belongs to the message that the task continues, and the task has not taken it up. */
  readonly isContinued?: boolean;
  /** Who opened it, as far as that is known. */
  readonly source?: ChunkSource | undefined;
  /** The frame that opened it, in a log; it tells the part from a later one of the same id. */
  readonly opener?: NumberedFrame | undefined;
}

/**
 * What is open at some point of a stream, in the order of opening. Never changed: what is open at a
 * later point is another object, or the same as long as nothing was opened or ended.
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

/** What chunks do, and to which kind of part; all other chunks open and end nothing. */
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

/** Gives something else in place of parts; nothing, where they are not open any more. */
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

/** A source has finished a step: its calls without an output wait for the page from here on. */
export function leaveToPage(open: OpenParts, source: ChunkSource | undefined): OpenParts {
  return changeParts(open, (part) => {
    // The provider's own tools never wait for the page; their output may come in a later step.
    const isLeft = part.source === source && part.stage === 'input-available';
    return isLeft && !part.providerExecuted ? { ...part, stage: 'waiting' } : part;
  });
}

/**
 * What is open once the message is there that a task continues: its calls wait for the page or for
 * nobody, but for those whose approval was answered. The task executes them now.
 */
function continueParts(open: OpenParts): OpenParts {
  return changeParts(open, (part) => {
    if (part.kind !== 'tool') return part;
    const isAnswered = part.stage === 'approved' || part.stage === 'denied';
    return { ...part, isContinued: true, stage: isAnswered ? part.stage : 'waiting' };
  });
}

/**
 * Adds the calls of a message that a task continues whose approval was answered. The chunks that
 * tell of them cannot do that in AI SDK 6.
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

/** What of it frame `n`, or one before that, has opened. */
export function openedUntil(open: OpenParts, n: number): OpenParts {
  return changeParts(open, (part) => (part.opener && part.opener.n <= n ? part : undefined));
}

function idOf({ id, toolCallId }: PartChunk, kind: PartKind): string {
  return (kind === 'tool' ? toolCallId : id) ?? '';
}

/** What is open behind a chunk, given what is open before it. */
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
      // The server works now on a call that waited for the page.
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

/** By far the most of all frames, and they open nothing. */
const textDelta = '{"type":"text-delta"';

/** What is open behind a frame of a log, given its number there. */
export function trackFrame(open: OpenParts, frame: string, n: number): OpenParts {
  if (beginsWith(frame, textDelta) || !effects.has(frameType(frame) ?? '')) return open;
  return trackChunk(open, JSON.parse(frame), { opener: { n, data: frame } });
}

/** Whether a frame ends a part that is open, or one that is not, at which AI SDK clients throw. */
export function endedBy(open: OpenParts, frame: string): 'open' | 'unknown' | undefined {
  const [effect, kind = 'tool'] = effects.get(frameType(frame) ?? '') ?? [];
  if (effect !== 'ends') return undefined;
  const chunk: PartChunk = JSON.parse(frame);
  if (chunk.preliminary) return undefined;
  return open.has(`${kind} ${idOf(chunk, kind)}`) ? 'open' : 'unknown';
}
