import { z } from 'zod';

/** The demo's page makes unguessable ids; other clients may send anything of this form. */
const id = z.string().regex(/^[A-Za-z0-9_-]{8,64}$/);

/** What a page sends to have a question answered. The database has the messages before it. */
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

/** Reads a request to answer a question; `undefined` when its body has another form. */
export async function readChatRequest(request: Request): Promise<ChatRequest | undefined> {
  // With other content types, pages of other sites could send a request without a CORS preflight.
  if (!request.headers.get('content-type')?.startsWith('application/json')) return undefined;
  const body: unknown = await request.json().catch(() => undefined);
  return chatRequest.safeParse(body).data;
}

/** A refusal in the format that the routes of `ai-task-stream` use. */
export function refuse(status: number, code: string, message: string): Response {
  return Response.json({ error: { code, message } }, { status });
}
