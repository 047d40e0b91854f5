import type { UIMessage } from 'ai';
import type { ChatSchemas } from './chat-types';
import { isToolPart, nameOf, type Part } from './tool-parts';
import { validateMessages } from './validate-messages';

/** The call of a tool that is gone, or takes or gives something else now, as one of any tool. */
function asDynamic(part: Part): Part | undefined {
  if (!isToolPart(part) || part.type === 'dynamic-tool') return undefined;
  // `dynamic: false` is how the AI SDK marks such calls, so that it keeps outputs of tools from the
  // model which are not there to say what a model may see.
  const call = { ...part, type: 'dynamic-tool', toolName: nameOf(part), dynamic: false };
  return call as { readonly type: string } as Part;
}

async function fitPart(
  message: UIMessage,
  part: Part | undefined,
  schemas: ChatSchemas,
): Promise<Part | undefined> {
  if (!part) return undefined;
  const checked = await validateMessages([{ ...message, parts: [part] }], schemas);
  if (checked.success) return checked.data[0]?.parts[0];
  return fitPart(message, asDynamic(part), schemas);
}

/** The parts of a message that fit the schemas; of tool calls that do not, what can be told of them. */
export async function fitParts(message: UIMessage, schemas: ChatSchemas): Promise<UIMessage> {
  const parts: Part[] = [];
  for (const part of message.parts) {
    const fitted = await fitPart(message, part, schemas);
    if (fitted) parts.push(fitted);
  }
  return { ...message, parts };
}
