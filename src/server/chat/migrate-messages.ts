import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { UIMessage } from 'ai';
import { breathe } from '../time/slices';
import type { ChatSchemas } from './chat-types';
import { fitParts } from './fit-parts';
import { partsForModel } from './model-parts';
import { fromOldForm } from './old-forms';
import { validateMessages } from './validate-messages';

/** How many messages are checked at once. Mostly all of them fit. */
const batchSize = 50;

async function withFittingMetadata(
  message: UIMessage,
  schema: StandardSchemaV1 | undefined,
): Promise<UIMessage> {
  const { metadata, ...others } = message;
  if (!schema || metadata === undefined) return message;
  const checked = await schema['~standard'].validate(metadata);
  return checked.issues ? others : { ...message, metadata: checked.value };
}

/** Messages that are of today's form, and that a model can read, though they may not fit the schemas. */
function readable(stored: readonly unknown[]): UIMessage[] {
  return stored.flatMap((message, index) => {
    const read = fromOldForm(message);
    if (!read) return [];
    const goesOn = index === stored.length - 1 && read.role === 'assistant';
    return { ...read, parts: partsForModel(read.parts, goesOn) };
  });
}

/** A message of a person, or of the system, that has nothing left is none, and providers refuse it. */
function hasContent({ role, parts }: UIMessage): boolean {
  return role === 'assistant' || parts.length > 0;
}

async function fitAll(messages: readonly UIMessage[], schemas: ChatSchemas): Promise<UIMessage[]> {
  const checked = await validateMessages(messages, schemas);
  if (checked.success) return checked.data;
  return await Promise.all(messages.map((message) => fitParts(message, schemas)));
}

/**
 * Makes stored messages fit for the model, and for the chat as it is now. Old messages never make a
 * turn fail: parts that do not fit the schemas any more are left out, and so are tool calls that never
 * got a result; calls of tools that are gone or have changed become calls of a `dynamic-tool`;
 * messages of AI SDK 4 get today's form. Nothing of what is stored is changed, so pass the result to
 * the model, and not to the storage.
 */
export async function migrateMessages<Message extends UIMessage>(
  stored: readonly Message[],
  schemas: ChatSchemas = {},
): Promise<Message[]> {
  const { messageMetadataSchema, ...ofParts } = schemas;
  const messages = readable(stored).filter(hasContent);
  const fitting: UIMessage[] = [];
  for (let start = 0; start < messages.length; start += batchSize) {
    await breathe();
    const batch = await fitAll(messages.slice(start, start + batchSize), ofParts);
    for (const message of batch.filter(hasContent)) {
      fitting.push(await withFittingMetadata(message, messageMetadataSchema));
    }
  }
  // The schemas that the messages fit are those that `Message` was inferred from.
  return fitting as Message[];
}
