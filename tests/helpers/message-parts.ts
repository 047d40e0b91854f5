import type { UIMessage } from 'ai';

type Part = UIMessage['parts'][number];

/** A part of an assistant's message, and the major version of the AI SDK that has it; default: both. */
export interface NamedPart {
  readonly name: string;
  readonly part: Part;
  readonly major?: 6 | 7;
}

const providerMetadata = { provider: { itemId: 'item-1', nested: { deep: [1, null, 'x'] } } };
const callProviderMetadata = { provider: { thoughtSignature: 'c2lnbmVk' } };
const resultProviderMetadata = { provider: { result: true } };

/** What every tool call may have, whatever its state. */
const call = { title: 'The title', toolMetadata: { origin: 'mcp' }, callProviderMetadata };

/** The states of a tool call, with what belongs to each. */
const toolStates: readonly { name: string; fields: Record<string, unknown>; major?: 6 | 7 }[] = [
  {
    name: 'input-streaming',
    fields: { state: 'input-streaming', input: { city: 'U' }, rawInput: '{"city":"U' },
  },
  { name: 'input-available', fields: { state: 'input-available', input: { city: 'Ulm' } } },
  {
    name: 'approval-requested',
    fields: {
      state: 'approval-requested',
      input: { city: 'Ulm' },
      approval: { id: 'approval', signature: 'signed', descriptor: { why: 'cost' } },
    },
  },
  {
    name: 'approval-requested, automatic',
    fields: {
      state: 'approval-requested',
      input: { city: 'Ulm' },
      approval: {
        id: 'approval',
        requestReason: 'It costs.',
        isAutomatic: true,
        inputSchemaInput: { city: 'ulm' },
      },
    },
    major: 7,
  },
  ...[true, false].map((approved) => ({
    name: `approval-responded, ${approved ? 'approved' : 'denied'}`,
    fields: {
      state: 'approval-responded',
      input: { city: 'Ulm' },
      approval: { id: 'approval', approved, reason: 'Because.', signature: 'signed' },
    },
  })),
  {
    name: 'output-available',
    fields: { state: 'output-available', input: { city: 'Ulm' }, output: [{ degrees: 9 }] },
  },
  {
    name: 'output-available, approved',
    fields: {
      state: 'output-available',
      input: { city: 'Ulm' },
      output: null,
      resultProviderMetadata,
      approval: { id: 'approval', approved: true, reason: 'Fine.', signature: 'signed' },
    },
  },
  {
    name: 'output-available, preliminary and by the provider',
    fields: {
      state: 'output-available',
      input: 'a text',
      output: 'so far',
      preliminary: true,
      providerExecuted: true,
    },
  },
  {
    name: 'output-error',
    fields: { state: 'output-error', input: { city: 'Ulm' }, errorText: 'No.' },
  },
  {
    name: 'output-error, approved',
    fields: {
      state: 'output-error',
      input: { city: 'Ulm' },
      errorText: 'No.',
      approval: { id: 'approval', approved: true },
      resultProviderMetadata,
    },
  },
  {
    name: 'output-error of an input that could not be read',
    fields: { state: 'output-error', rawInput: 'not JSON', errorText: 'No.' },
  },
  {
    name: 'output-error of an input that did not fit',
    fields: { state: 'output-error', rawInput: { city: 7 }, errorText: 'No.' },
  },
  {
    name: 'output-denied',
    fields: {
      state: 'output-denied',
      input: { city: 'Ulm' },
      approval: { id: 'approval', approved: false, reason: 'No.' },
    },
  },
];

const plainParts: readonly NamedPart[] = [
  { name: 'text', part: { type: 'text', text: 'Hello', state: 'done', providerMetadata } },
  { name: 'text without a state', part: { type: 'text', text: '' } },
  { name: 'text that streams', part: { type: 'text', text: 'Hel', state: 'streaming' } },
  { name: 'reasoning', part: { type: 'reasoning', text: 'Hm.', state: 'done', providerMetadata } },
  {
    name: 'reasoning with an id',
    part: { type: 'reasoning', id: 'r', text: 'Hm.', state: 'done' },
    major: 7,
  },
  {
    name: 'source-url',
    part: {
      type: 'source-url',
      sourceId: 's',
      url: 'https://example.org',
      title: 'T',
      providerMetadata,
    },
  },
  {
    name: 'source-document',
    part: {
      type: 'source-document',
      sourceId: 's',
      mediaType: 'application/pdf',
      title: 'T',
      filename: 'report.pdf',
    },
  },
  {
    name: 'file',
    part: {
      type: 'file',
      mediaType: 'text/plain',
      url: 'data:text/plain,hi',
      filename: 'notes.txt',
      providerMetadata,
    },
  },
  {
    name: 'file at a provider',
    part: {
      type: 'file',
      mediaType: 'text/plain',
      url: 'data:text/plain,hi',
      providerReference: { provider: 'file-1' },
    },
    major: 7,
  },
  {
    name: 'reasoning-file',
    part: { type: 'reasoning-file', mediaType: 'image/png', url: 'data:image/png;base64,AA==' },
    major: 7,
  },
  { name: 'custom', part: { type: 'custom', kind: 'provider.thing', providerMetadata }, major: 7 },
  { name: 'data', part: { type: 'data-note', id: 'n', data: { text: 'note' } } },
  { name: 'data without an id', part: { type: 'data-note', data: [1, 2] } },
  { name: 'step-start', part: { type: 'step-start' } },
  {
    name: 'a task of before',
    part: { type: 'data-task-settle', id: 'older', data: { taskId: 'older', status: 'completed' } },
  },
  {
    name: 'text with fields that nobody knows',
    part: { type: 'text', text: 'Hello', state: 'done', pinned: { by: 'me' } } as Part,
  },
];

/** The cast is needed because the AI SDK types the fields of each state apart. */
function toolPart(fields: Record<string, unknown>): Part {
  const part: object = { toolCallId: 'call', ...call, ...fields };
  return part as Part;
}

/** Every kind of part that an assistant's message may have, in every state. */
export const namedParts: readonly NamedPart[] = [
  ...plainParts,
  ...toolStates.flatMap(({ name, fields, major }): NamedPart[] => [
    { name: `tool, ${name}`, part: toolPart({ type: 'tool-weather', ...fields }), major },
    {
      name: `dynamic tool, ${name}`,
      part: toolPart({ type: 'dynamic-tool', toolName: 'weather', ...fields }),
      major,
    },
  ]),
];
