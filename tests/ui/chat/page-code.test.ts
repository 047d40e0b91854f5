import { afterEach, describe, expect, it, vi } from 'vitest';
import { chatVersions } from '../../helpers/chat-versions';
import { frame, snapshot } from '../../helpers/recording';
import { sendError } from '../../helpers/wire-server';
import { serve } from '../helpers';
import { openPage, sendTaskHead } from './helpers';

afterEach(() => {
  vi.restoreAllMocks();
});

describe.each(chatVersions)(
  'code of a page that throws in a chat of AI SDK $version',
  (version) => {
    /** A chat whose first response is cut, and whose task is not known any more. */
    const serveCut = () =>
      serve((response, { method }) =>
        method === 'POST'
          ? void sendTaskHead(response).end(frame(0, snapshot()))
          : sendError(response, 410, { code: 'gone-for-good', message: 'Gone.' }),
      );

    it.each(['headers', 'body', 'prepareReconnectToStreamRequest'])(
      'is told at once, and without a request: %s',
      async (name) => {
        const server = await serveCut();
        let asked = 0;
        const page = await openPage(version, {
          api: server.api,
          [name]: () => {
            asked += 1;
            if (name === 'prepareReconnectToStreamRequest' || asked > 1) {
              throw new Error('No tenant.');
            }
            return {};
          },
        });
        await page.chat.sendMessage({ text: 'Go.' });
        expect(page.errors).toMatchObject([{ code: 'page-failed' }]);
        expect(page.errors[0]?.message).toContain('No tenant.');
        expect(server.requests).toHaveLength(1);

        const told = vi.spyOn(console, 'error').mockImplementation(() => {});
        expect(await page.transport.cancel('chat')).toBe(false);
        expect(told.mock.calls).toMatchObject([[{ code: 'page-failed' }]]);
      },
    );

    it('ends with the answer that its fetch has thrown', async () => {
      const server = await serveCut();
      const page = await openPage(version, {
        api: server.api,
        async fetch(...given) {
          const response = await fetch(...given);
          if (response.ok) return response;
          throw Object.assign(new Error(`HTTP ${response.status}`), { response });
        },
      });
      await page.chat.sendMessage({ text: 'Go.' });
      expect(page.errors).toMatchObject([{ code: 'gone-for-good', message: 'Gone.' }]);
      expect(server.requests).toHaveLength(2);
      await page.chat.resumeStream();
      expect(server.requests).toHaveLength(3);
    });
  },
);
