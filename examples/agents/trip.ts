import { convertToModelMessages, type ModelMessage, type UIMessage } from 'ai';
import type { TaskAttempt, TaskRetry } from 'ai-task-stream/server';
import { z } from 'zod';

/** What both agents are asked for. */
export const tripInput = z.object({ tripId: z.string().max(100), wish: z.string().max(1_000) });

/** All that an agent has to store: the history is in the log. */
export const stepCheckpoint = z.object({ step: z.number() });

/** Where an attempt begins: which step comes next, and what was said before it. */
export async function findPlace(
  wish: string,
  { lastCheckpoint, messageSoFar }: TaskAttempt<z.infer<typeof stepCheckpoint>>,
): Promise<{ step: number; messages: ModelMessage[] }> {
  const question: UIMessage = { id: 'wish', role: 'user', parts: [{ type: 'text', text: wish }] };
  // Without the message, which the storage may have lost, the steps begin anew, and their number with
  // them: so each call has the idempotency key that it had before.
  const step = messageSoFar ? (lastCheckpoint?.step ?? 0) : 0;
  const messages = messageSoFar ? [question, messageSoFar] : [question];
  return { step, messages: await convertToModelMessages(messages) };
}

/** Whatever a model or a tool fails with is worth two more attempts at the step. */
export const retryStep: TaskRetry = { attempts: 3, when: () => true };
