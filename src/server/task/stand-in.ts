import type { UIMessageChunk } from 'ai';
import { deltaShapes, isDeltaType } from '../../protocol/compact-replay';
import { TaskError } from '../../protocol/task-error';
import { failureOf } from '../log/part-ends';
import { taskErrorChunk } from '../log/task-error-chunk';

/** What is sent in place of a chunk that cannot be sent. */
export interface StandIn {
  readonly chunks: readonly UIMessageChunk[];
  /** The error that tells the host what is lost; `undefined` when nothing is. */
  readonly loss: TaskError | undefined;
  /** The tool call that has failed for readers; later chunks about it are ignored. */
  readonly failedCall?: string;
  /** Whether nothing of the chunk is left. */
  readonly isLeftOut?: boolean;
}

/** The most bytes that a UTF-16 code unit takes in JSON: an escape such as `\u0000`. */
const maxUnitBytes = 6;

/** The shortest piece, in UTF-16 code units, that can hold any character. */
const minPieceLength = 2;

function byteLength(chunk: object): number {
  return new TextEncoder().encode(JSON.stringify(chunk)).length;
}

/** Cuts a text into pieces of at most `length` UTF-16 code units, and no character in two. */
function cut(text: string, length: number): string[] {
  const pieces: string[] = [];
  for (let start = 0; start < text.length; ) {
    let end = start + length;
    const last = text.charCodeAt(end - 1);
    if (end < text.length && last >= 0xd800 && last < 0xdc00) end--;
    pieces.push(text.slice(start, end));
    start = end;
  }
  return pieces;
}

/** Cuts a delta into pieces that fit. The last piece gets the `providerMetadata`. */
function splitDelta(chunk: UIMessageChunk, maxBytes: number): UIMessageChunk[] | undefined {
  if (!isDeltaType(chunk.type)) return undefined;
  const field = deltaShapes[chunk.type].textKey;
  const text: unknown = { ...chunk }[field as keyof typeof chunk];
  if (typeof text !== 'string') return undefined;
  const length = Math.floor((maxBytes - byteLength({ ...chunk, [field]: '' })) / maxUnitBytes);
  if (length < minPieceLength) return undefined;
  const pieces = cut(text, length);
  return pieces.map((piece, index): UIMessageChunk => {
    const part = { ...chunk, [field]: piece };
    if (index < pieces.length - 1 && 'providerMetadata' in part) delete part.providerMetadata;
    return part;
  });
}

/** A chunk that must not be missing, reduced to the fields that readers need. */
function bareOf(chunk: UIMessageChunk): UIMessageChunk | undefined {
  switch (chunk.type) {
    case 'text-start':
    case 'text-end':
    case 'reasoning-start':
    case 'reasoning-end':
      return { type: chunk.type, id: chunk.id };
    case 'text-delta':
    case 'reasoning-delta':
      return { type: chunk.type, id: chunk.id, delta: chunk.delta };
    case 'tool-approval-response':
      return { type: chunk.type, approvalId: chunk.approvalId, approved: chunk.approved };
    default:
      return undefined;
  }
}

/** Lets a tool call fail whose chunk cannot be sent. */
function failCall(
  chunk: UIMessageChunk,
  { code, message, details }: TaskError,
): StandIn | undefined {
  if (!('toolCallId' in chunk)) return undefined;
  const { type, toolCallId } = chunk;
  const size = details as { readonly bytes: number; readonly maxFrameBytes: number };
  const what = type.startsWith('tool-input') ? 'input' : 'output';
  const loss = new TaskError({
    code,
    message:
      code === 'frame-too-large'
        ? `The ${what} of this tool call takes ${size.bytes} bytes, and one part of an answer may have ${size.maxFrameBytes}. Let the tool give less, or store it elsewhere and give where it is.`
        : message,
    details: { ...size, type, toolCallId },
  });
  // A preliminary output can be left out: the final output is yet to come, and may fit.
  if (type === 'tool-output-available' && chunk.preliminary) return { chunks: [], loss };
  const end = failureOf({ ...chunk, id: toolCallId }, loss.message);
  const closing: UIMessageChunk =
    'toolName' in chunk
      ? // An empty input, because providers want one with each call in the chat's next turn.
        { type: 'tool-input-error', toolName: chunk.toolName, input: {}, ...end }
      : { type: 'tool-output-error', ...end };
  return { chunks: [closing], loss, failedCall: toolCallId };
}

/** The `gap` part that readers get in place of a part that is left out. */
function gapPart(taskId: string, { type }: UIMessageChunk, { details }: TaskError): UIMessageChunk {
  const { bytes, maxFrameBytes } = details as {
    readonly bytes: number;
    readonly maxFrameBytes: number;
  };
  return taskErrorChunk(taskId, {
    code: 'gap',
    message: `A part of the answer was left out: it takes ${bytes} bytes, and one part may have ${maxFrameBytes}.`,
    retryable: false,
    details: { cause: 'frame-too-large', type, bytes, maxFrameBytes },
  });
}

/**
 * What is sent in place of a chunk that is too large, or that JSON cannot carry, so that as little as
 * possible is lost: a text is sent in pieces, a tool call fails, and readers are told of a part that
 * is left out. `undefined` when nothing can take the chunk's place.
 *
 * @param error Why the chunk cannot be sent: `frame-too-large` or `unserializable`.
 */
export function standInFor(
  chunk: UIMessageChunk,
  error: TaskError,
  { taskId, maxFrameBytes }: { taskId: string; maxFrameBytes: number },
): StandIn | undefined {
  const isTooLarge = error.code === 'frame-too-large';
  if (isTooLarge) {
    const whole = splitDelta(chunk, maxFrameBytes);
    if (whole) return { chunks: whole, loss: undefined };
  }
  const failed = failCall(chunk, error);
  if (failed || !isTooLarge) return failed;
  const bare = bareOf(chunk);
  if (!bare) return { chunks: [gapPart(taskId, chunk, error)], loss: error, isLeftOut: true };
  return { chunks: splitDelta(bare, maxFrameBytes) ?? [bare], loss: error };
}
