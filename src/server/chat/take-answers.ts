import type { ToolSet, UIMessage } from 'ai';
import { createMessageError } from './chat-errors';
import { isSameJson } from './same-json';
import { isPassed, isToolPart, nameOf, type Part, type ToolPart, toolOf } from './tool-parts';
import { validateMessages } from './validate-messages';

/** A stored message with what a page has answered. */
export interface TakenAnswers<Message extends UIMessage> {
  /** The stored message itself when nothing in it has changed. */
  readonly message: Message;
  /** What the page has answered, in the form in which it came, without the rest of its message. */
  readonly answers: readonly ToolPart[];
}

/** The call that a part of the page means; of two with one id the one that still waits. */
function findCall(parts: readonly ToolPart[], { toolCallId }: ToolPart): ToolPart | undefined {
  const calls = parts.filter((part) => part.toolCallId === toolCallId);
  return calls.find(({ state }) => waitingStates.has(state)) ?? calls.at(-1);
}

const waitingStates = new Set(['input-available', 'approval-requested', 'approval-responded']);

function notWaiting(call: ToolPart): Error {
  return createMessageError(
    `The call of \`${nameOf(call)}\` does not wait for this answer. Load the chat anew: it was answered elsewhere, or the turn has ended.`,
  );
}

/** Whether a call waits for the page to run its tool. */
function waitsForOutput(call: ToolPart, sent: ToolPart): boolean {
  const { state, approval } = call;
  const isApproved =
    (state === 'approval-responded' && approval?.approved === true) ||
    (state === 'approval-requested' && answersApproval(call, sent) && isGranted(sent));
  return state === 'input-available' || isApproved;
}

function isGranted({ approval }: ToolPart): boolean {
  return approval?.approved === true;
}

function answersApproval({ approval }: ToolPart, sent: ToolPart): boolean {
  return approval !== undefined && approval.id === sent.approval?.id;
}

/** The call with the person's answer to its approval. */
function withApproval(call: ToolPart, { approval: answer }: ToolPart): ToolPart {
  const { approved, reason } = answer ?? {};
  const isAnswer = typeof approved === 'boolean';
  if (!isAnswer || !call.approval || (reason !== undefined && typeof reason !== 'string')) {
    throw createMessageError('The answer to an approval is `{ id, approved, reason? }`.');
  }
  const approval = { ...call.approval, approved, ...(reason !== undefined && { reason }) };
  return { ...call, state: 'approval-responded', approval };
}

/** The call with what the page's tool has returned, or with its failure. */
function withOutput(call: ToolPart, sent: ToolPart, tools: ToolSet | undefined): ToolPart {
  const tool = toolOf(call, tools);
  if (!tool || typeof tool.execute === 'function' || call.providerExecuted) {
    throw createMessageError(
      `The tool \`${nameOf(call)}\` does not run on the page. A tool that does is declared in \`tools\`, without \`execute\`.`,
    );
  }
  const granted = call.state === 'approval-requested' ? withApproval(call, sent) : call;
  if (sent.state === 'output-available') {
    return { ...granted, state: sent.state, output: sent.output ?? null };
  }
  if (typeof sent.errorText !== 'string') {
    throw createMessageError('A failed call has an `errorText`.');
  }
  return { ...granted, state: 'output-error', errorText: sent.errorText };
}

/** The stored call after what the page says of it; the same object when that is nothing new. */
function answer(call: ToolPart, sent: ToolPart, tools: ToolSet | undefined): ToolPart {
  switch (sent.state) {
    case 'approval-responded': {
      const isWaiting = call.state === 'approval-requested' && answersApproval(call, sent);
      if (isWaiting) return withApproval(call, sent);
      const isSame =
        call.state === sent.state &&
        answersApproval(call, sent) &&
        call.approval?.approved === sent.approval?.approved;
      if (isSame) return call;
      throw notWaiting(call);
    }
    case 'output-available':
    case 'output-error': {
      if (waitsForOutput(call, sent)) return withOutput(call, sent, tools);
      const isSame =
        call.state === sent.state &&
        (call.state === 'output-error' || isSameJson(call.output ?? null, sent.output ?? null));
      if (isSame) return call;
      throw notWaiting(call);
    }
    default:
      // It says nothing that the stored call does not know.
      return call;
  }
}

/** Refuses a text that the stored message does not have. The page may have seen less of one. */
function checkTexts(stored: readonly Part[], sent: readonly Part[]): void {
  const texts = stored.flatMap((part) => (part.type === 'text' ? [part.text] : []));
  let next = 0;
  for (const part of sent) {
    if (part.type !== 'text') continue;
    const found = texts.findIndex((text, index) => index >= next && text.startsWith(part.text));
    if (found < 0) {
      throw createMessageError(
        'The message of the assistant says something else than what is stored. Load the chat anew.',
      );
    }
    next = found + 1;
  }
}

function countSteps(parts: readonly Part[]): number {
  return parts.filter(({ type }) => type === 'step-start').length;
}

/** Refuses an answer for which the tool, as it is now, has no use. A person may always deny. */
async function checkAnswer(
  message: UIMessage,
  call: ToolPart,
  tools: ToolSet | undefined,
): Promise<void> {
  const isDenied = call.state === 'approval-responded' && !isGranted(call);
  if (!tools || isDenied) return;
  const name = nameOf(call) ?? '';
  const tool = toolOf(call, tools);
  const own = tool ? { [name]: tool } : {};
  const checked = await validateMessages([{ ...message, parts: [call] }], {
    tools: own,
  });
  if (checked.success) return;
  throw createMessageError(
    `The call of \`${name}\`, or its output, does not fit the tool as it is now. Send a new message instead.`,
    checked.error,
  );
}

/**
 * Takes from an assistant's message that a page has sent the outputs of client tools and the answers
 * to approvals for which the stored message waits. Everything else stays as it is stored.
 *
 * @throws TaskError `invalid-message` when the page's message has something that is not stored, or an
 * answer that nothing waits for.
 */
export async function takeAnswers<Message extends UIMessage>(
  stored: Message,
  sent: Message,
  tools: ToolSet | undefined,
): Promise<TakenAnswers<Message>> {
  checkTexts(stored.parts, sent.parts);
  const parts: { readonly type: string }[] = [...stored.parts];
  const answers: ToolPart[] = [];
  for (const part of sent.parts as readonly { readonly type: string }[]) {
    if (!isToolPart(part)) continue;
    const call = findCall(parts.filter(isToolPart), part);
    if (!call || nameOf(call) !== nameOf(part)) {
      throw createMessageError(
        'The message has a tool call that is not stored. Load the chat anew.',
      );
    }
    const answered = answer(call, part, tools);
    if (answered === call) continue;
    const isApproved = answered.state === 'approval-responded' && isGranted(answered);
    if (isApproved && isPassed(parts, call)) throw notWaiting(call);
    await checkAnswer(stored, answered, tools);
    parts[parts.indexOf(call)] = answered;
    answers.push(part);
  }
  if (answers.length === 0) {
    if (countSteps(sent.parts) > 0 && countSteps(sent.parts) < countSteps(stored.parts)) {
      throw createMessageError(
        'The message of the assistant has gone on meanwhile. Load the chat anew.',
      );
    }
    return { message: stored, answers };
  }
  return { message: { ...stored, parts: parts as Message['parts'] }, answers };
}
