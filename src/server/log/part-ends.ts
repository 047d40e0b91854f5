import type { UIMessageChunk } from 'ai';
import type { TaskOutcome } from '../../protocol/task-parts';
import type { OpenPart, OpenParts } from './open-parts';

/** The fields of a chunk that tells the failure of a tool call, of its input or its output. */
export function failureOf(
  { id, providerExecuted, dynamic }: Pick<OpenPart, 'id' | 'providerExecuted' | 'dynamic'>,
  errorText: string,
): { toolCallId: string; errorText: string; providerExecuted?: boolean; dynamic?: boolean } {
  return {
    toolCallId: id,
    errorText,
    ...(providerExecuted !== undefined && { providerExecuted }),
    ...(dynamic !== undefined && { dynamic }),
  };
}

/** The chunk that ends a text or reasoning, or tells that a tool call has failed. */
export function endOfPart(part: OpenPart, errorText: string): UIMessageChunk {
  const { kind, id } = part;
  if (kind !== 'tool') return { type: `${kind}-end`, id };
  return { type: 'tool-output-error', ...failureOf(part, errorText) };
}

/**
 * Whether a part stays open when its task ends. A call that waits for the page stays open. A call that
 * the server was working on must not, because without an output it makes the chat's next turn throw.
 * A call whose input is complete may be one of a client tool: if the task has completed, it is. And
 * parts of the continued message that a completed task has not taken up are left to the host.
 */
function staysOpen({ stage, isContinued }: OpenPart, outcome: TaskOutcome): boolean {
  if (stage === 'waiting') return true;
  return outcome === 'completed' && (stage === 'input-available' || isContinued === true);
}

/** Whether a part would have to be ended if its task failed now. */
export function isEndedByFailure(part: OpenPart): boolean {
  return !staysOpen(part, 'failed');
}

const kinds = ['text', 'reasoning', 'tool'] as const;

/** The chunks that close the open parts when a task ends, by the table in PROTOCOL.md. */
export function endsOfParts(
  open: OpenParts,
  outcome: TaskOutcome,
  errorText: string,
): UIMessageChunk[] {
  const closing = [...open.values()].filter((part) => !staysOpen(part, outcome));
  return kinds
    .flatMap((kind) => closing.filter((part) => part.kind === kind))
    .map((part) =>
      part.stage === 'denied'
        ? { type: 'tool-output-denied', toolCallId: part.id }
        : endOfPart(part, errorText),
    );
}

/**
 * Frames that take a reader of a log from one point to a later one: the ends of the parts that have
 * ended in between, and the starts of the parts that were opened.
 *
 * @param errorText The error of tool calls whose output the reader does not get.
 */
export function bridge(before: OpenParts, after: OpenParts, errorText: string): string[] {
  const isSame = (one: OpenPart, other: OpenPart | undefined) => one.opener?.n === other?.opener?.n;
  const ended = [...before].filter(([key, part]) => {
    const now = after.get(key);
    // A tool call has not ended when another frame of the same call has opened it again.
    return !now || (part.kind !== 'tool' && !isSame(part, now));
  });
  const opened = [...after].filter(([key, part]) => !isSame(part, before.get(key)));
  return [
    ...ended.map(([, part]) => JSON.stringify(endOfPart(part, errorText))),
    ...opened.flatMap(([, { opener }]) => opener?.data ?? []),
  ];
}
