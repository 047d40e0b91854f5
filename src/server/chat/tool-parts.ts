import type { ToolSet, UIMessage } from 'ai';

export type Part = UIMessage['parts'][number];

/** A tool call in any state, with fields that the AI SDK types for each state apart. */
export interface ToolPart {
  readonly type: string;
  readonly toolCallId: string;
  readonly state: string;
  readonly toolName?: string;
  readonly providerExecuted?: boolean;
  readonly input?: unknown;
  readonly rawInput?: unknown;
  readonly output?: unknown;
  readonly errorText?: string;
  readonly preliminary?: boolean;
  readonly approval?: {
    readonly id: string;
    readonly approved?: boolean;
    readonly reason?: string;
    readonly inputSchemaInput?: unknown;
  };
}

export function isToolPart(part: { readonly type: string }): part is ToolPart {
  return part.type === 'dynamic-tool' || part.type.startsWith('tool-');
}

/** The name of the tool that is called. */
export function nameOf({ type, toolName }: ToolPart): string | undefined {
  return type === 'dynamic-tool' ? toolName : type.slice('tool-'.length);
}

/** The tool of a call, if the chat has one of that name. */
export function toolOf(part: ToolPart, tools: ToolSet | undefined): ToolSet[string] | undefined {
  const name = nameOf(part);
  return tools && name !== undefined && Object.hasOwn(tools, name) ? tools[name] : undefined;
}

/**
 * Whether the message has gone on behind the step of a call. The AI SDK runs approved calls of the last
 * step only, so that a call of an earlier one never gets a result.
 */
export function isPassed(parts: readonly { readonly type: string }[], call: ToolPart): boolean {
  const behind = parts.slice(parts.indexOf(call) + 1);
  const next = behind.findIndex(({ type }) => type === 'step-start');
  const later = next < 0 ? [] : behind.slice(next);
  return later.some(({ type }) => type !== 'step-start' && !type.startsWith('data-'));
}
