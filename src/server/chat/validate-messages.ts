import { safeValidateUIMessages, type UIMessage } from 'ai';
import { taskDataPartSchemas } from '../../protocol/task-schemas';
import type { ChatSchemas } from './chat-types';

type Options = Parameters<typeof safeValidateUIMessages<UIMessage>>[0];

/**
 * The schemas by name, and nothing else: the AI SDK looks up names that pages have chosen, so that
 * what objects inherit, such as `constructor`, would pass for a schema.
 */
function byName<Schemas extends object>(...all: (Schemas | undefined)[]): Schemas {
  return Object.assign(Object.create(null), ...all);
}

/**
 * Validates messages with the AI SDK's own rules, and with the schemas that are given. Both majors of
 * the AI SDK look up the schemas of data parts by names without `data-` here.
 *
 * @returns The messages as the schemas leave them, or what is wrong with them.
 */
export function validateMessages(
  messages: readonly unknown[],
  { tools, dataPartSchemas, messageMetadataSchema }: ChatSchemas = {},
): ReturnType<typeof safeValidateUIMessages<UIMessage>> {
  // The casts are safe: the AI SDK takes any Standard Schema, and its types name those of one message.
  return safeValidateUIMessages<UIMessage>({
    messages,
    tools: tools && (byName(tools) as Options['tools']),
    metadataSchema: messageMetadataSchema as Options['metadataSchema'],
    dataSchemas: dataPartSchemas && byName<object>(taskDataPartSchemas, dataPartSchemas),
  } as Options);
}
