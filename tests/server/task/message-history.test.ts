import type { UIMessage, UIMessageChunk } from 'ai';
import { beforeAll, describe, expect, it } from 'vitest';
import { namedParts } from '../../helpers/message-parts';
import { readMessages, type ServerVersion, serverVersions } from '../../helpers/server-versions';

type Fields = Record<string, unknown>;

/** What a replay can tell of a part, where that is less than the part has. */
function toldOf(
  part: Fields,
  { major, knowsRawInput }: Pick<ServerVersion, 'major' | 'knowsRawInput'>,
): Fields {
  const { type, state, approval, rawInput, ...rest } = part;
  if (!knowsRawInput) {
    if (state === 'input-streaming') return { ...part, rawInput: undefined };
    if (state === 'approval-requested') {
      return { ...part, approval: { ...(approval as object), inputSchemaInput: undefined } };
    }
    if (state === 'output-error' && type !== 'dynamic-tool' && !approval) {
      return { ...part, input: undefined, rawInput: rawInput ?? part.input };
    }
  }
  switch (type) {
    case 'text':
      return { ...part, state: 'done', pinned: undefined };
    case 'reasoning':
      return { ...part, state: 'done' };
    case 'file':
      return { ...part, filename: undefined, providerReference: undefined };
  }
  const answer = approval as { approved?: boolean; reason?: string } | undefined;
  if (major === 6 && answer?.approved === false) {
    return { ...rest, type, state: 'output-error', errorText: answer.reason };
  }
  if (major === 6 && answer?.approved) {
    return { ...rest, type, state: state === 'approval-responded' ? 'input-available' : state };
  }
  if (state !== 'output-error' || (major === 6 && type !== 'dynamic-tool')) {
    // That version keeps the text of an input that came as text.
    const isText = state === 'output-error' && rawInput === undefined;
    return isText ? { ...part, rawInput: JSON.stringify(part.input) } : part;
  }
  return rawInput === undefined ? part : { ...rest, type, state, input: rawInput };
}

/** As JSON has it, without the ids that reasoning gets where it has none. */
function plain(part: object): unknown {
  return JSON.parse(JSON.stringify(part), (key, value) =>
    key === 'id' && String(value).startsWith('history-') ? undefined : value,
  );
}

describe.each(serverVersions)(
  'the history of a continued message, in AI SDK $version',
  ({ major, knowsRawInput, load }) => {
    let versions: Awaited<ReturnType<ServerVersion['load']>>;

    beforeAll(async () => {
      versions = await load();
    });

    const messageWith = (part: UIMessage['parts'][number]): UIMessage => ({
      id: 'a1',
      role: 'assistant',
      parts: [{ type: 'step-start' }, part],
    });

    /** What a page makes of the history, and of what follows it. */
    const rebuild = async (message: UIMessage, following: readonly UIMessageChunk[] = []) => {
      const { ai, historyChunks } = versions;
      const history = await historyChunks(message);
      const { validate } = ai.uiMessageChunkSchema();
      for (const chunk of history) expect(await validate?.(chunk)).toMatchObject({ success: true });
      const chunks: UIMessageChunk[] = [
        { type: 'start' },
        ...history,
        ...following,
        { type: 'message-metadata', messageMetadata: {} },
      ];
      return { history, rebuilt: (await readMessages(ai, chunks)).at(-1) };
    };

    const parts = namedParts.filter((named) => (named.major ?? major) === major);

    it.each(parts)(
      'tells what chunks can tell, and leaves a valid message (R-HISTORY-2): $name',
      async ({ part }) => {
        const original = messageWith(part);
        const { rebuilt } = await rebuild(original);
        expect(rebuilt?.parts.slice(0, 1)).toEqual(original.parts.slice(0, 1));
        expect(rebuilt?.parts.slice(1).map(plain)).toEqual([
          plain(toldOf({ ...part }, { major, knowsRawInput })),
        ]);
        await versions.ai.validateUIMessages({ messages: JSON.parse(JSON.stringify([rebuilt])) });
      },
    );

    it('asks for no approval that was answered, and runs no call of the page that has its output (R-HISTORY-1)', async () => {
      let asked = 0;
      for (const { part } of parts) {
        const { approval, state, input } = part as {
          approval?: { approved?: boolean };
          state?: string;
          input?: unknown;
        };
        const { history, rebuilt } = await rebuild(messageWith(part));
        const types = history.map(({ type }) => type);
        if (state?.startsWith('output') && !approval && typeof input !== 'string')
          expect(types).not.toContain('tool-input-available');
        if (approval?.approved === undefined) continue;
        asked++;
        expect(rebuilt?.parts[1]).not.toMatchObject({ state: 'approval-requested' });
        if (major === 6) expect(types).not.toContain('tool-approval-request');
      }
      expect(asked).toBeGreaterThan(5);
    });

    const responded = (approved: boolean) =>
      parts.filter(({ name }) =>
        name.endsWith(`approval-responded, ${approved ? 'approved' : 'denied'}`),
      );

    it.each([
      { type: 'tool-output-available', toolCallId: 'call', output: 9 } as const,
      { type: 'tool-output-error', toolCallId: 'call', errorText: 'No.' } as const,
    ])('stays valid when the approved call goes on with $type (R-HISTORY-1)', async (result) => {
      for (const { part } of responded(true)) {
        const { rebuilt } = await rebuild(messageWith(part), [result]);
        expect(rebuilt?.parts).toHaveLength(2);
        expect(rebuilt?.parts[1]).toMatchObject({ state: result.type.slice('tool-'.length) });
        await versions.ai.validateUIMessages({ messages: JSON.parse(JSON.stringify([rebuilt])) });
      }
    });

    it('shows a denied call as denied once the task has said so, and asks for nothing (R-HISTORY-1)', async () => {
      for (const { part } of responded(false)) {
        const denial: UIMessageChunk = { type: 'tool-output-denied', toolCallId: 'call' };
        const { rebuilt } = await rebuild(messageWith(part), [denial]);
        expect(rebuilt?.parts[1]).toMatchObject({ state: 'output-denied' });
        // No chunk of version 6 can tell its clients that the answer was no.
        if (major === 7) await versions.ai.validateUIMessages({ messages: [rebuilt] });
      }
    });

    it('tells an input that may reach for a prototype as it is', async () => {
      const input = JSON.parse('{"__proto__":{"a":1}}');
      const part: UIMessage['parts'][number] = {
        ...{ type: 'tool-weather', toolCallId: 'call', state: 'output-available' },
        ...{ input, output: 1 },
      };
      const { rebuilt } = await rebuild(messageWith(part));
      expect(JSON.stringify(rebuilt?.parts[1])).toContain('{"__proto__":{"a":1}}');
    });

    it('leaves out a part of a kind that clients refuse', async () => {
      const part = { type: 'hologram', depth: 3 } as unknown as UIMessage['parts'][number];
      const { history } = await rebuild(messageWith(part));
      expect(history.map(({ type }) => type)).toEqual(['start-step']);
    });
  },
);
