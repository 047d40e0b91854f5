import type { UIMessage } from 'ai';
import { isPassed, isToolPart, type Part, type ToolPart } from './tool-parts';

const ended = new Set(['output-available', 'output-denied']);

/** A denied call whose turn never came to tell the model, as a call that was denied. */
function denied(call: ToolPart): ToolPart {
  return { ...call, state: 'output-denied' };
}

/** A failed call with its input where the AI SDK looks for it from version 7 on. */
function failed({ rawInput, input = rawInput, ...call }: ToolPart): ToolPart {
  return { ...call, input };
}

/**
 * A tool call as a model can read it in a conversation that has gone on; `undefined` for one without
 * a result, which providers refuse.
 */
function pastCall(call: ToolPart): ToolPart | undefined {
  if (call.state === 'approval-responded' && call.approval?.approved === false) return denied(call);
  if (call.state === 'output-error') return failed(call);
  return ended.has(call.state) && call.preliminary !== true ? call : undefined;
}

/** A call of the message that goes on. Its answered approvals, and calls of the provider, are not over. */
function presentCall(call: ToolPart, parts: UIMessage['parts']): ToolPart | undefined {
  const goesOn =
    (call.state === 'approval-responded' && !isPassed(parts, call)) ||
    (call.state === 'input-available' && call.providerExecuted === true);
  return goesOn ? call : pastCall(call);
}

/** Whether the AI SDK can hand a file to a model. It throws for an address that is none. */
function isReadableFile(part: Part): boolean {
  if (part.type !== 'file' && part.type !== 'reasoning-file') return true;
  const { url, providerReference } = part as { url?: unknown; providerReference?: unknown };
  return providerReference != null || (typeof url === 'string' && URL.canParse(url));
}

/**
 * The parts of a message that a model can read: without calls that have no result, and without files
 * that have no address.
 *
 * @param goesOn Whether the message is the one that the turn goes on with.
 */
export function partsForModel(parts: UIMessage['parts'], goesOn: boolean): UIMessage['parts'] {
  const readable = goesOn ? presentCall : pastCall;
  const fitted: readonly { readonly type: string }[] = parts
    .filter(isReadableFile)
    .flatMap((part: { readonly type: string }) =>
      isToolPart(part) ? (readable(part, parts) ?? []) : part,
    );
  return fitted as UIMessage['parts'];
}
