import type { UIMessageChunk } from 'ai';
import type { TaskOutcome } from '../../protocol/task-parts';
import type { OpenPart, OpenParts } from './open-parts';

/** What a chunk says by which a tool call fails, whether by its input or its output. */
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
 * Whether a part stays open when its task ends. A call that the server has in hand and that has no
 * output makes the chat's next turn throw; one that waits for the page does not. Whether a call
 * whose input is there is one of a client tool is known only once its step is finished or the task
 * completes. What a task that completes has made of the message it continues is the host's to say.
 */
function staysOpen({ stage, isContinued }: OpenPart, outcome: TaskOutcome): boolean {
  if (stage === 'waiting') return true;
  return outcome === 'completed' && (stage === 'input-available' || isContinued === true);
}

const kinds = ['text', 'reasoning', 'tool'] as const;

/** The chunks that close what is open when a task ends. PROTOCOL.md has the table. */
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
 * Frames that take a reader of a log from one point to another: the ends of what has ended in
 * between, and the starts of what was opened.
 *
 * @param errorText What became of a tool's output that is missing.
 */
export function bridge(before: OpenParts, after: OpenParts, errorText: string): string[] {
  const isSame = (one: OpenPart, other: OpenPart | undefined) => one.opener?.n === other?.opener?.n;
  const ended = [...before].filter(([key, part]) => {
    const now = after.get(key);
    // The input of a tool call goes on with another frame of the same call.
    return !now || (part.kind !== 'tool' && !isSame(part, now));
  });
  const opened = [...after].filter(([key, part]) => !isSame(part, before.get(key)));
  return [
    ...ended.map(([, part]) => JSON.stringify(endOfPart(part, errorText))),
    ...opened.flatMap(([, { opener }]) => opener?.data ?? []),
  ];
}
