import { act, fireEvent, render, screen, waitFor } from '@testing-library/react';
import type { UIMessage } from 'ai';
import { version as reactVersion, StrictMode } from 'react';
import { renderToString } from 'react-dom/server';
import { describe, expect, it } from 'vitest';
import type { UseTaskChatOptions, UseTaskChatResult } from '../../../src/ui/react/chat';
import { createDeferred, turns, until } from '../../helpers/async';
import { type ChatVersion, chatVersions } from '../../helpers/chat-versions';
import { httpFetch } from '../../helpers/http-fetch';
import { answerInHalves, type OneFileChat, startOneFileChat } from '../../helpers/one-file-chat';
import { setUpCleaning } from './clean-up';

const afterwards = setUpCleaning();

/** A page: its modules, its server, and what its hook returned at last. */
interface Page extends Awaited<ReturnType<ChatVersion['loadReact']>> {
  server: OneFileChat;
  shown: UseTaskChatResult<UIMessage>;
  renders: number;
}

type Props = { page: Page } & Partial<UseTaskChatOptions<UIMessage>>;

function Chat({ page, ...options }: Props) {
  const { useTaskChat, server } = page;
  const shown = useTaskChat<UIMessage>({
    id: 'chat',
    api: server.api,
    fetch: httpFetch,
    ...options,
    reconnect: { initialDelayMs: 0, ...options.reconnect },
  });
  page.shown = shown;
  page.renders += 1;
  const { messages, status, error, isLoading, isStopping, sendMessage, stop } = shown;
  return (
    <>
      <button type="button" onClick={() => sendMessage({ text: 'Go.' })}>
        Send
      </button>
      <button type="button" onClick={stop}>
        Stop
      </button>
      <output>
        {[status, isLoading && 'loading', isStopping && 'stopping', error?.message]
          .filter(Boolean)
          .join(', ')}
      </output>
      {messages.map(({ id, parts }) => (
        <p key={id}>{parts.map((part) => (part.type === 'text' ? part.text : ''))}</p>
      ))}
    </>
  );
}

const status = () => screen.getByRole('status').textContent;
const texts = () => [...document.querySelectorAll('p')].map(({ textContent }) => textContent);
const click = (name: string) => fireEvent.click(screen.getByText(name));

/** Waits until the page shows these messages, and nothing is going on. */
async function rests(...wanted: string[]): Promise<void> {
  await waitFor(() => {
    expect(texts()).toEqual(wanted);
    expect(status()).toBe('ready');
  });
}

describe.each(chatVersions)(
  `useTaskChat with AI SDK $version on React ${reactVersion}`,
  ({ loadReact }) => {
    async function createPage(
      options: Partial<Parameters<typeof startOneFileChat>[0]> = {},
    ): Promise<Page & { open: (text?: string) => void }> {
      const gate = createDeferred();
      const server = await startOneFileChat({
        execute: (means) => answerInHalves(means, gate.promise),
        ...options,
      });
      afterwards(() => server.close());
      const shown = {} as UseTaskChatResult<UIMessage>;
      return { ...(await loadReact()), server, shown, renders: 0, open: () => gate.resolve() };
    }

    const show = (page: Page, options: Partial<Props> = {}) =>
      render(
        <StrictMode>
          <Chat page={page} {...options} />
        </StrictMode>,
      );

    it('loads, sends, survives a reload, and is left without a word by each unmount', async () => {
      const page = await createPage();
      const first = show(page);
      expect(status()).toBe('ready, loading');
      await rests();
      click('Send');
      await waitFor(() => expect(texts()).toEqual(['Go.', 'Half.']));
      expect(status()).toBe('streaming');
      first.unmount();
      const second = show(page);
      await waitFor(() => expect(texts()).toEqual(['Go.', 'Half.']));
      page.open();
      await rests('Go.', 'Half. Whole.');
      second.unmount();
      await turns();
      expect(page.server.count('DELETE')).toBe(0);
      expect(page.server.turns()).toHaveLength(1);
    });

    it('loads once in StrictMode, and shows what it is given until then', async () => {
      const kept: UIMessage = { id: 'm', role: 'user', parts: [{ type: 'text', text: 'Kept.' }] };
      const page = await createPage({ messages: [kept] });
      const html = renderToString(<Chat page={page} />);
      expect(html).toContain('ready, loading');
      expect(page.server.requests).toEqual([]);
      show(page, { messages: [kept] });
      expect(texts()).toEqual(['Kept.']);
      expect(status()).toBe('ready');
      await until(() => page.server.count('load') > 0);
      await rests('Kept.');
      expect(page.server.count('load')).toBe(1);
    });

    it('stops the work', async () => {
      const page = await createPage();
      show(page);
      await rests();
      click('Send');
      await waitFor(() => expect(texts()).toEqual(['Go.', 'Half.']));
      click('Stop');
      await rests('Go.', 'Half.');
      expect(page.server.count('DELETE')).toBe(1);
      expect(page.server.requests.at(-1)?.query.reason).toBeUndefined();
    });

    it('shows another chat, and comes back', async () => {
      const page = await createPage();
      const { rerender } = show(page);
      await rests();
      click('Send');
      await waitFor(() => expect(texts()).toEqual(['Go.', 'Half.']));
      rerender(<Chat page={page} id="other" />);
      expect(texts()).toEqual([]);
      await rests();
      rerender(<Chat page={page} />);
      await waitFor(() => expect(texts()).toEqual(['Go.', 'Half.']));
      page.open();
      await rests('Go.', 'Half. Whole.');
      expect(page.server.count('DELETE')).toBe(0);
    });

    it('uses headers and callbacks of the newest render', async () => {
      const page = await createPage();
      page.open();
      const calls: string[] = [];
      const propsOf = (name: string) => ({
        headers: { 'x-name': name },
        onFinish: () => calls.push(name),
      });
      const { rerender } = show(page, propsOf('first'));
      await rests();
      rerender(
        <StrictMode>
          <Chat page={page} {...propsOf('second')} />
        </StrictMode>,
      );
      click('Send');
      await rests('Go.', 'Half. Whole.');
      expect(calls).toEqual(['second']);
      expect(page.server.requests.at(-1)?.headers['x-name']).toBe('second');
    });

    it('follows an answer anew where what is void cannot be taken back', async () => {
      const page = await createPage({
        async execute({ writer, task: { attempt } }) {
          writer.write({ type: 'text-start', id: 't' });
          writer.write({ type: 'text-delta', id: 't', delta: attempt === 1 ? 'Void.' : 'Good.' });
          writer.write({ type: 'text-end', id: 't' });
          if (attempt > 1) return;
          await until(() => texts().includes('Void.'));
          throw new Error('Once more.');
        },
        shouldRetry: () => true,
      });
      show(page);
      await rests();
      click('Send');
      await rests('Go.', 'Good.');
      expect(page.server.turns()).toHaveLength(1);
    });

    it('shows an error as a sentence, and takes it away', async () => {
      const body = '{"error":{"code":"not-found","message":"There is no such chat."}}';
      const page = await createPage({
        intercept(_, response) {
          response.writeHead(404).end(body);
          return true;
        },
      });
      show(page);
      await waitFor(() => expect(status()).toBe('error, There is no such chat.'));
      act(() => page.shown.clearError());
      await waitFor(() => expect(status()).toBe('ready'));
    });

    it('renders less often where it is told to', async () => {
      const page = await createPage({
        execute({ writer }) {
          writer.write({ type: 'text-start', id: 't' });
          for (let n = 0; n < 200; n++) writer.write({ type: 'text-delta', id: 't', delta: '.' });
          writer.write({ type: 'text-end', id: 't' });
        },
      });
      show(page, { throttleMs: 60_000 });
      await rests();
      const { renders } = page;
      click('Send');
      await waitFor(() => expect(page.shown.status).toBe('ready'));
      expect(page.renders - renders).toBeLessThan(60);
      expect(() => renderToString(<Chat page={page} throttleMs={-1} />)).toThrow('`throttleMs`');
    });
  },
);
