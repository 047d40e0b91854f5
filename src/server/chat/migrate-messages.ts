import type { UIMessage } from 'ai';
import type { ChatSchemas } from './chat-types';
import { validateMessages } from './validate-messages';

/**
 * Makes stored messages fit the chat as it is now, for the model. What does not fit any more is taken
 * out, or told in another form; what is stored is not changed, and no message makes a turn fail.
 */
export async function migrateMessages<Message extends UIMessage>(
  stored: readonly Message[],
  schemas: ChatSchemas = {},
): Promise<Message[]> {
  if (stored.length === 0) return [];
  const checked = await validateMessages(stored, schemas);
  return checked.success ? (checked.data as Message[]) : [...stored];
}
