import { asSchema, uiMessageChunkSchema } from 'ai';

/**
 * Whether the AI SDK of the page takes back the step that has begun last when a chunk says so, as
 * version 7 does. Asked of its own schema, which every transport of the AI SDK brings along.
 */
export async function knowsResetStep(): Promise<boolean> {
  const { validate } = asSchema(uiMessageChunkSchema);
  return (await validate?.({ type: 'reset-step' }))?.success === true;
}
