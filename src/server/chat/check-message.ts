import type { UIMessage } from 'ai';
import { isRecord } from '../../protocol/is-record';
import { defined } from '../log/defined';
import { createMessageError } from './chat-errors';
import type { ChatSchemas } from './chat-types';
import { validateMessages } from './validate-messages';

/** The most parts that a message from a page may have. */
const maxParts = 1000;

const maxIdLength = 256;

/** Schemes of files that a server may hand to a model. */
const fileSchemes = new Set(['data:', 'http:', 'https:']);

type Fields = Readonly<Record<string, unknown>>;

function checkId(id: unknown): string {
  const isId = typeof id === 'string' && id !== '' && id.length <= maxIdLength;
  if (isId && !/[\p{Control}\p{Surrogate}]/u.test(id)) return id;
  throw createMessageError(
    `The id of a message is a string of 1 to ${maxIdLength} characters. Make one with \`generateId\` of the AI SDK.`,
  );
}

function checkParts(parts: unknown): readonly (Fields & { readonly type: string })[] {
  const isPart = (part: unknown) => isRecord(part) && typeof part.type === 'string';
  if (!Array.isArray(parts) || !parts.every(isPart)) {
    throw createMessageError('A message has `parts`: a list of objects with a `type`.');
  }
  if (parts.length > maxParts) {
    throw createMessageError(`A message may have ${maxParts} parts at most.`);
  }
  return parts;
}

/** Whether a file is at a provider, and has no address of its own. */
function isAtProvider({ url, providerReference }: Fields): boolean {
  const names = isRecord(providerReference) ? Object.values(providerReference) : [];
  return url === '' && names.length > 0 && names.every((name) => typeof name === 'string');
}

function checkFile(file: Fields): void {
  const { url } = file;
  if (isAtProvider(file)) return;
  const address = typeof url === 'string' && URL.canParse(url) ? new URL(url) : undefined;
  if (address && fileSchemes.has(address.protocol)) return;
  throw createMessageError(
    'The `url` of a file is an address that the server can read: `https:`, `http:` or `data:`.',
  );
}

/** Of a part of a person's message, the fields that a page may set. */
function partOfUser(part: Fields & { readonly type: string }): Fields {
  const { type, id, text, data, mediaType, filename, url, providerReference } = part;
  if (type === 'text') return { type, text };
  if (type === 'file') {
    checkFile(part);
    return defined({ type, mediaType, filename, url, providerReference });
  }
  // The parts of tasks are the server's.
  if (/^data-(?!task(-|$))/.test(type)) return defined({ type, id, data });
  throw createMessageError(
    'A message of a person has texts, files and data parts, and nothing else. Do not send parts of other messages.',
  );
}

/** Of a part of an assistant's message, what tells outputs, answers, and whether the text is stored. */
function partsOfAssistant(part: Fields & { readonly type: string }): Fields[] {
  const { type, text, toolName, toolCallId, state, output, errorText, approval } = part;
  if (type === 'text' && typeof text === 'string') return [{ type, text }];
  if (type === 'step-start') return [{ type }];
  if (type !== 'dynamic-tool' && !type.startsWith('tool-')) return [];
  if (typeof toolCallId !== 'string' || typeof state !== 'string') {
    throw createMessageError('A tool call has a `toolCallId` and a `state`.');
  }
  const { id, approved, reason } = isRecord(approval) ? approval : {};
  const answer = isRecord(approval) ? defined({ id, approved, reason }) : undefined;
  return [defined({ type, toolName, toolCallId, state, output, errorText, approval: answer })];
}

async function checkUser<Message extends UIMessage>(
  id: string,
  { parts, metadata }: Fields,
  { dataPartSchemas = {}, messageMetadataSchema }: ChatSchemas,
): Promise<Message> {
  const said = checkParts(parts).map(partOfUser) as Message['parts'];
  const message: UIMessage = { id, role: 'user', parts: said };
  if (metadata !== undefined) message.metadata = metadata;
  // Schemas may change what they check. What they were given is stored, so that it fits again.
  const checked = await validateMessages([message], {
    dataPartSchemas,
    // A message may have none, whatever they are: those that the server gives an answer may be required.
    ...(metadata !== undefined && messageMetadataSchema && { messageMetadataSchema }),
  });
  if (checked.success) return message as Message;
  throw createMessageError(
    'The message does not fit. It has texts, files and the data parts and metadata that the chat declares in `dataPartSchemas` and `messageMetadataSchema`.',
    checked.error,
  );
}

/**
 * Checks the message that a page has sent, and reduces it to what a page may say.
 *
 * Of a person's message these are texts, files, data parts that have a schema, and metadata. Of an
 * assistant's message it is what `applyTurn` needs in order to take outputs of client tools and
 * answers to approvals from it. There are no messages of the role `system`: instructions are the
 * server's.
 *
 * @throws TaskError `invalid-message`.
 */
export async function checkMessage<Message extends UIMessage = UIMessage>(
  message: unknown,
  schemas: ChatSchemas = {},
): Promise<Message> {
  if (!isRecord(message)) throw createMessageError('A message is an object with a role and parts.');
  const id = checkId(message.id);
  if (message.role === 'user') return checkUser(id, message, schemas);
  if (message.role !== 'assistant') {
    throw createMessageError('The role of a message that a page sends is `user` or `assistant`.');
  }
  const parts = checkParts(message.parts).flatMap(partsOfAssistant);
  return { id, role: 'assistant', parts: parts as Message['parts'] } as Message;
}
