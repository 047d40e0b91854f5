import type { ModelMessage, UIMessage } from 'ai';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { assistant, idsOf, user } from '../../helpers/chat-turns';
import { namedParts } from '../../helpers/message-parts';
import { type ServerVersion, serverVersions } from '../../helpers/server-versions';

const call = { type: 'tool-weather', toolCallId: 'call', input: { city: 'Ulm' } };
const over = { ...call, state: 'output-available', output: { degrees: 9 } };
const text = { type: 'text', text: 'Hello' };

/** The ids of calls for which the model's messages have no result. */
function withoutResult(messages: readonly ModelMessage[]): string[] {
  const parts = messages.flatMap(({ content }): readonly { type: string; toolCallId?: string }[] =>
    typeof content === 'string' ? [] : content,
  );
  const results = parts.flatMap((part) =>
    part.type === 'tool-result' ? (part.toolCallId ?? []) : [],
  );
  const calls = parts.flatMap((part) => (part.type === 'tool-call' ? (part.toolCallId ?? []) : []));
  return calls.filter((id) => !results.includes(id));
}

describe.each(serverVersions)('stored messages, with AI SDK $version', ({ load }) => {
  let ai: Awaited<ReturnType<ServerVersion['load']>>['ai'];
  let server: Awaited<ReturnType<ServerVersion['load']>>['server'];

  beforeAll(async () => {
    ({ ai, server } = await load());
  });

  /** The parts of an assistant's message that the next turn reads, or that goes on. */
  async function migratedParts(
    parts: readonly Record<string, unknown>[],
    { goesOn = false, ...schemas }: { goesOn?: boolean; tools?: object; dataPartSchemas?: object },
  ): Promise<UIMessage['parts']> {
    const stored = [user('u1'), assistant('a1', parts), ...(goesOn ? [] : [user('u2')])];
    const before = structuredClone(stored);
    const migrated = await server.migrateMessages(stored, schemas as never);
    expect(stored).toEqual(before);
    expect(idsOf(migrated)).toEqual(idsOf(stored));
    return migrated[1]?.parts ?? [];
  }

  it('pass as they are when they fit', async () => {
    const stored = [user('u1'), assistant('a1', [text, over]), user('u2')];
    expect(await server.migrateMessages(stored)).toEqual(stored);
    expect(await server.migrateMessages([])).toEqual([]);
  });

  it.each(namedParts)('can be told to a model whatever a part is: $name', async ({ part }) => {
    const stored = [user('u1'), { ...assistant('a1'), parts: [part] }, user('u2')];
    const model = await ai.convertToModelMessages(await server.migrateMessages(stored));
    expect(withoutResult(model)).toEqual([]);
    const [first, last] = [model[0], model.at(-1)];
    expect([first?.role, last?.role]).toEqual(['user', 'user']);
  });

  it.each([
    ['a call that was running when its process was lost', { state: 'input-available' }],
    ['a call that was never written to its end', { state: 'input-streaming' }],
    ['an approval that was never answered', { state: 'approval-requested', approval: { id: 'p' } }],
    [
      'an approved call that never ran',
      { state: 'approval-responded', approval: { id: 'p', approved: true } },
    ],
    ['an output that was not the last', { ...over, preliminary: true }],
  ])('lose %s, once the chat has gone on', async (_, fields) => {
    expect(await migratedParts([text, { ...call, ...fields }], {})).toEqual([text]);
  });

  it('tell the model of a denied call, though its turn never came to it', async () => {
    const approval = { id: 'p', approved: false };
    const parts = [{ ...call, state: 'approval-responded', approval }];
    expect(await migratedParts(parts, {})).toEqual([{ ...call, state: 'output-denied', approval }]);
  });

  it('keep what a turn goes on with: answered approvals, outputs, calls of the provider', async () => {
    const answered = [true, false].map((approved, index) => ({
      ...call,
      toolCallId: `answered-${index}`,
      state: 'approval-responded',
      approval: { id: `p${index}`, approved },
    }));
    const ofProvider = { ...call, state: 'input-available', providerExecuted: true };
    const open = { ...call, toolCallId: 'open', state: 'input-available' };
    const kept = [text, over, ...answered, ofProvider];
    expect(await migratedParts([...kept, open], { goesOn: true })).toEqual(kept);
  });

  it('lose approved calls of a step that the message has gone on behind, which never run', async () => {
    const step = { type: 'step-start' };
    const answered = (id: string, approved: boolean) => ({
      ...{ ...call, toolCallId: id, state: 'approval-responded' },
      approval: { id, approved },
    });
    const [granted, refused] = [answered('granted', true), answered('refused', false)];
    const open = { ...granted, toolCallId: 'open' };
    const stored = [step, granted, refused, step, text, open];
    const denied = { ...refused, state: 'output-denied' };
    expect(await migratedParts(stored, { goesOn: true })).toEqual([step, denied, step, text, open]);
  });

  it('tell calls of tools that are gone or have changed as calls of any tool', async () => {
    const weather = (inputSchema: z.ZodType, outputSchema?: z.ZodType) => ({
      weather: { inputSchema, ...(outputSchema && { outputSchema }) },
    });
    const asIs = z.object({ city: z.string() });
    expect(await migratedParts([over], { tools: weather(asIs) })).toEqual([over]);
    const changed = [
      {},
      weather(z.object({ town: z.string() })),
      weather(asIs, z.object({ kelvin: z.number() })),
    ];
    for (const tools of changed) {
      const { type: _, ...told } = over;
      expect(await migratedParts([text, over], { tools })).toEqual([
        text,
        expect.objectContaining({ ...told, type: 'dynamic-tool', toolName: 'weather' }),
      ]);
    }
  });

  it('lose data parts and metadata that the chat does not know or that do not fit', async () => {
    const dataPartSchemas = { note: z.object({ text: z.string() }) };
    const note = { type: 'data-note', id: 'n', data: { text: 'note' } };
    const settle = {
      type: 'data-task-settle',
      data: { taskId: 'older', status: 'completed', durationMs: 1, settledAt: 2 },
    };
    const unfit = [
      { type: 'data-note', data: 7 },
      { type: 'data-nobody', data: 7 },
      { type: 'data-constructor', data: 7 },
      { type: 'data-task-settle', data: 7 },
      { type: 'nonsense' },
    ];
    const fit = [text, note, settle];
    expect(await migratedParts([...unfit, ...fit], { dataPartSchemas })).toEqual(fit);
    const messageMetadataSchema = z.object({ model: z.string() });
    const messages = [
      { ...user('u1'), metadata: { model: 'old' } },
      { ...user('u2'), metadata: { model: 7 } },
    ];
    const migrated = await server.migrateMessages(messages, { messageMetadataSchema });
    expect(migrated).toEqual([messages[0], user('u2')]);
  });

  it('lose files that have no address, which no model can be given', async () => {
    const file = { type: 'file', mediaType: 'image/png', url: 'data:image/png;base64,AA==' };
    expect(await migratedParts([{ ...file, url: '/uploads/1' }, file], {})).toEqual([file]);
  });

  it('lose messages that have nothing left, and what is no message', async () => {
    const stored = [
      { ...user('u1'), parts: [{ type: 'nonsense' }] },
      { id: 'd', role: 'data', parts: [] },
      null,
      'hello',
      user('u2'),
    ] as UIMessage[];
    expect(await server.migrateMessages(stored)).toEqual([user('u2')]);
  });

  it('of AI SDK 4 get the form of today', async () => {
    const toolInvocation = { toolCallId: 'call', toolName: 'weather', args: { city: 'Ulm' } };
    const stored = [
      { id: 'u1', role: 'user', content: 'Hi', createdAt: 'once' },
      {
        id: 'a1',
        role: 'assistant',
        content: 'Hello',
        parts: [
          { type: 'step-start' },
          { type: 'reasoning', reasoning: 'Hm.', details: [] },
          {
            type: 'tool-invocation',
            toolInvocation: { ...toolInvocation, state: 'result', result: { degrees: 9 } },
          },
          { type: 'tool-invocation', toolInvocation: { ...toolInvocation, state: 'call' } },
          { type: 'source', source: { sourceType: 'url', id: 's', url: 'https://a.example' } },
          { type: 'file', mimeType: 'image/png', data: 'AA==' },
          text,
        ],
      },
    ] as unknown as UIMessage[];
    expect(await server.migrateMessages(stored)).toEqual([
      user('u1', 'Hi'),
      assistant('a1', [
        { type: 'step-start' },
        { type: 'reasoning', text: 'Hm.' },
        over,
        { type: 'source-url', sourceId: 's', url: 'https://a.example' },
        { type: 'file', mediaType: 'image/png', url: 'data:image/png;base64,AA==' },
        text,
      ]),
    ]);
  });

  it('are migrated one by one where one of them does not fit, ten thousand of them too', async () => {
    const stored = Array.from({ length: 10_000 }, (_, index) =>
      index % 2 ? assistant(`a${index}`) : user(`u${index}`),
    );
    stored[5001] = assistant('a5001', [{ type: 'nonsense' }, text]);
    const migrated = await server.migrateMessages(stored);
    expect(migrated).toHaveLength(10_000);
    expect(migrated[5001]).toEqual(assistant('a5001', [text]));
  });
});
