import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { assistant, user } from '../../helpers/chat-turns';
import { type ServerVersion, serverVersions } from '../../helpers/server-versions';

const invalid = expect.objectContaining({ name: 'TaskError', code: 'invalid-message' });
const text = { type: 'text', text: 'Hello' };
const file = {
  type: 'file',
  mediaType: 'image/png',
  filename: 'a.png',
  url: 'data:image/png;base64,AA==',
};

const ofUser = (...parts: unknown[]) => ({ id: 'u1', role: 'user', parts });

describe.each(serverVersions)(
  'a message from a page (R-CHAT-3), with AI SDK $version',
  ({ load }) => {
    let check: Awaited<ReturnType<ServerVersion['load']>>['server']['checkMessage'];

    beforeAll(async () => {
      check = (await load()).server.checkMessage;
    });

    it('has texts and files of a person', async () => {
      const message = ofUser(text, file);
      expect(await check(message)).toEqual(message);
      const link = { type: 'file', mediaType: 'image/png', url: 'https://example.com/a.png' };
      expect(await check(ofUser(link))).toEqual(ofUser(link));
      const uploaded = { ...file, url: '', providerReference: { provider: 'file-1' } };
      expect(await check(ofUser(uploaded))).toEqual(ofUser(uploaded));
    });

    it('has nothing that a page must not say', async () => {
      const said = {
        ...ofUser({
          ...text,
          state: 'done',
          providerMetadata: { provider: { cache: true } },
          citations: [],
          forged: 1,
        }),
        createdAt: 'now',
        owner: 'somebody',
      };
      expect(await check(said)).toEqual(ofUser(text));
    });

    it('has data parts that have a schema, as they came', async () => {
      const dataPartSchemas = { place: z.object({ lat: z.coerce.string() }) };
      const place = { type: 'data-place', id: 'p', data: { lat: 48 } };
      expect(await check(ofUser(text, place), { dataPartSchemas })).toEqual(ofUser(text, place));
      await expect(check(ofUser(place))).rejects.toEqual(invalid);
      const wrong = { ...place, data: 48 };
      await expect(check(ofUser(wrong), { dataPartSchemas })).rejects.toEqual(invalid);
    });

    it('has metadata that fit, as they came', async () => {
      const messageMetadataSchema = z.object({ sentAt: z.coerce.date() });
      const message = { ...ofUser(text), metadata: { sentAt: '2026-01-01' } };
      expect(await check(message, { messageMetadataSchema })).toEqual(message);
      expect(await check(message)).toEqual(message);
      const wrong = { ...message, metadata: { sentAt: 'never' } };
      await expect(check(wrong, { messageMetadataSchema })).rejects.toEqual(invalid);
      expect(await check(ofUser(text), { messageMetadataSchema })).toEqual(ofUser(text));
    });

    it.each([
      ['no object', 'Hello'],
      ['no role', { id: 'u1', parts: [text] }],
      ['instructions', { ...ofUser(text), role: 'system' }],
      ['a role that nobody knows', { ...ofUser(text), role: 'tool' }],
      ['no id', { role: 'user', parts: [text] }],
      ['an empty id', { ...ofUser(text), id: '' }],
      ['a long id', { ...ofUser(text), id: 'x'.repeat(257) }],
      ['an id with control characters', { ...ofUser(text), id: 'a\u0000b' }],
      ['no parts', { id: 'u1', role: 'user' }],
      ['an empty list of parts', ofUser()],
      ['parts without types', ofUser({ text: 'Hello' })],
      ['ten thousand parts', ofUser(...Array.from({ length: 10_000 }, () => text))],
      ['a text that is none', ofUser({ type: 'text', text: 7 })],
      ['a file without an address', ofUser({ ...file, url: undefined })],
      ['a file of the server', ofUser({ ...file, url: 'file:///etc/passwd' })],
      ['a file of the page', ofUser({ ...file, url: 'blob:https://example.com/1' })],
      [
        'a file of the server that says to be at a provider',
        ofUser({ ...file, url: 'file:///etc/passwd', providerReference: { provider: 'file-1' } }),
      ],
      [
        'a file without an address at no provider',
        ofUser({ ...file, url: '', providerReference: {} }),
      ],
      ['data by a name that all objects have', ofUser({ type: 'data-constructor', data: {} })],
      ['data by another such name', ofUser({ type: 'data-toString', data: {} })],
      ['data by the name of a prototype', ofUser({ type: 'data-__proto__', data: {} })],
      ['a tool call', ofUser({ type: 'tool-pay', toolCallId: 'c', state: 'input-available' })],
      ['thoughts', ofUser({ type: 'reasoning', text: 'Hm.' })],
      ['parts of a task', ofUser({ type: 'data-task-settle', data: { status: 'completed' } })],
      ['a task', ofUser({ type: 'data-task', data: {} })],
    ])('is refused when it has %s', async (_, message) => {
      const dataPartSchemas = { 'task-settle': z.unknown(), task: z.unknown() };
      await expect(check(message, { dataPartSchemas })).rejects.toEqual(invalid);
    });

    it('has of an assistant only what can be an answer, and its texts to compare', async () => {
      const call = { type: 'tool-pay', toolCallId: 'c', state: 'output-available', output: 1 };
      const message = assistant('a1', [
        { type: 'step-start' },
        { ...text, state: 'done' },
        { type: 'reasoning', text: 'Hm.' },
        { type: 'data-task', id: 't', data: {} },
        { ...call, input: { forged: true }, approval: { id: 'p', approved: true, signature: 's' } },
      ]);
      const metadata = { model: 'forged' };
      expect(await check({ ...message, metadata })).toEqual(
        assistant('a1', [
          { type: 'step-start' },
          text,
          { ...call, approval: { id: 'p', approved: true } },
        ]),
      );
      await expect(check(assistant('a1', [{ type: 'tool-pay' }]))).rejects.toEqual(invalid);
    });

    it('is not changed', async () => {
      const message = Object.freeze(user('u1'));
      expect(await check(message)).toEqual(message);
    });
  },
);
