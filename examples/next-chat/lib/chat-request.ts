import { z } from 'zod';

/** Unguessable in the page's own requests; anything of this form in others'. */
const id = z.string().regex(/^[A-Za-z0-9_-]{8,64}$/);

/** What a page sends to have a question answered. What was said before is in the database. */
const chatRequest = z.object({
  id,
  /** The page's name for the task that answers. */
  taskId: id.optional(),
  question: z.object({
    id: z.string().min(1).max(64),
    role: z.literal('user'),
    parts: z
      .array(z.object({ type: z.literal('text'), text: z.string().trim().min(1).max(4_000) }))
      .min(1)
      .max(1),
  }),
});

export type ChatRequest = z.infer<typeof chatRequest>;

export function isChatId(value: unknown): value is string {
  return id.safeParse(value).success;
}

/** `undefined` when the request is not of the form. */
export async function readChatRequest(request: Request): Promise<ChatRequest | undefined> {
  // Of another type, a page of another site could send it without asking.
  if (!request.headers.get('content-type')?.startsWith('application/json')) return undefined;
  const body: unknown = await request.json().catch(() => undefined);
  return chatRequest.safeParse(body).data;
}

/** A refusal, in the words of `ai-task-stream`. */
export function refuse(status: number, code: string, message: string): Response {
  return Response.json({ error: { code, message } }, { status });
}
