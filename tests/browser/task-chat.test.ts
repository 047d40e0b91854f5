// What `useTaskChat` makes of a chat in one file, in Chromium: reload, cut, offline, stop, a second tab,
// an approval; with both majors of the AI SDK.
import { tool, type UIMessage } from 'ai';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createDeferred, type Deferred } from '../helpers/async';
import { answerInHalves, type OneFileChat, startOneFileChat } from '../helpers/one-file-chat';
import { bundlePage } from './chat-majors/bundle-page';
import { setVisibility } from './chat-page';
import { type Desk, noteComplaints, patience, startDesk } from './desk';

const html = '<!doctype html><meta charset="utf-8"><script type="module" src="/page.js"></script>';
const entry = new URL('task-chat/page.tsx', import.meta.url);

let desk: Desk;

beforeAll(async () => {
  desk = await startDesk((empty) => empty);
});

afterAll(() => desk?.close());

describe.each([7, 6] as const)('useTaskChat of AI SDK %i in a browser', (major) => {
  let script: string;
  let server: OneFileChat | undefined;
  let complaints: string[];

  beforeAll(async () => {
    script = await bundlePage(major, entry);
  });

  afterEach(async () => {
    await desk.tidy();
    await server?.close();
    expect(complaints).toEqual([]);
  });

  /** A host of a chat whose answers stop half way until the test lets them go on. */
  async function serve(messages: UIMessage[] = []): Promise<{ gate: Deferred; host: OneFileChat }> {
    complaints = [];
    const gate = createDeferred();
    const host = await startOneFileChat({
      messages,
      tools: { ask: tool({ inputSchema: z.object({}) }) },
      heartbeatMs: 500,
      execute: (means) => answerInHalves(means, gate.promise),
      intercept({ path }, response) {
        if (path === '/api/chat') return false;
        if (path === '/') response.setHeader('content-type', 'text/html').end(html);
        else if (path !== '/page.js') response.writeHead(204).end();
        else response.setHeader('content-type', 'text/javascript').end(script);
        return true;
      },
    });
    server = host;
    return { gate, host };
  }

  async function open(host: OneFileChat, query = ''): Promise<Page> {
    const page = await desk.openTab();
    // The browser's own words about the network are not the page's.
    const counts = (type: string, text: string) =>
      type === 'error' && !text.startsWith('Failed to load');
    const noted = noteComplaints(page, (message) => counts(message.type(), message.text()));
    page.on('close', () => complaints.push(...noted));
    await page.goto(`${new URL(host.api).origin}/${query}`);
    return page;
  }

  const click = (page: Page, name: string) => page.getByRole('button', { name }).click();

  /** Waits until the page shows these texts, to the letter, and this status. */
  async function shows(page: Page, status: string, ...texts: string[]): Promise<void> {
    const seen = async () => [
      await page.locator('output').textContent(),
      ...(await page.locator('p').allTextContents()),
    ];
    await expect.poll(seen, patience).toEqual([status, ...texts]);
  }

  it('survives a reload, a cut and being offline, and shows the same in a second tab', async () => {
    const { gate, host } = await serve();
    const [page, beside] = [await open(host), await open(host, '?live')];
    await shows(page, 'ready');
    await shows(beside, 'ready');
    await click(page, 'Send');
    await shows(page, 'streaming', 'Go.', 'Half.');
    await shows(beside, 'streaming', 'Go.', 'Half.');
    await page.reload();
    await shows(page, 'streaming', 'Go.', 'Half.');
    await host.stop();
    await host.start();
    await page.context().setOffline(true);
    gate.resolve();
    await page.context().setOffline(false);
    await shows(page, 'ready', 'Go.', 'Half. Whole.');
    await shows(beside, 'ready', 'Go.', 'Half. Whole.');
    await page.reload();
    await shows(page, 'ready', 'Go.', 'Half. Whole.');
    expect(host.turns()).toHaveLength(1);
    expect(host.count('DELETE')).toBe(0);
  });

  it('stops what another tab has begun, once it is looked at', async () => {
    const { host } = await serve();
    const [page, beside] = [await open(host), await open(host)];
    await shows(page, 'ready');
    await shows(beside, 'ready');
    await setVisibility(beside, 'hidden');
    await click(page, 'Send');
    await shows(page, 'streaming', 'Go.', 'Half.');
    await setVisibility(beside, 'visible');
    await shows(beside, 'streaming', 'Go.', 'Half.');
    await click(beside, 'Stop');
    await shows(page, 'ready', 'Go.', 'Half.');
    await shows(beside, 'ready', 'Go.', 'Half.');
    await page.reload();
    await shows(page, 'ready', 'Go.', 'Half.');
  });

  it('goes on after an approval, after a reload, in a message that is not the last', async () => {
    const approval = { id: 'approval' };
    const call = { type: 'tool-ask', toolCallId: 'call', state: 'approval-requested', input: {} };
    const parts = [{ ...call, approval }] as UIMessage['parts'];
    const { gate, host } = await serve([
      { id: 'q', role: 'user', parts: [{ type: 'text', text: 'May I?' }] },
      { id: 'a', role: 'assistant', parts },
      { id: 'r', role: 'user', parts: [{ type: 'text', text: 'Else?' }] },
    ]);
    gate.resolve();
    const page = await open(host);
    await shows(page, 'ready', 'May I?', 'Else?');
    await click(page, 'Allow');
    await shows(page, 'ready', 'May I?', 'Half. Whole.', 'Else?');
    await page.reload();
    await shows(page, 'ready', 'May I?', 'Half. Whole.', 'Else?');
  });
});
