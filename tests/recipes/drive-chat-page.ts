import { expect, it } from 'vitest';
import { type ChatHost, click, question, shows, until, whole } from './chat-host';
import type { RecipesDesk } from './desk';

/** Drives the pasted page of docs/chat.md through what can happen to a chat while its server runs. */
export function driveChatPage(getDesk: () => RecipesDesk, getHost: () => ChatHost): void {
  it('goes on with an answer over a reload and a cut of the network, and with a second turn', async () => {
    const [desk, { openHeld, keeps, server }] = [getDesk(), getHost()];
    const { page, chatId } = await openHeld();
    await keeps(chatId, question);
    const loads: string[] = [];
    page.on('request', (request) => {
      if (request.url().endsWith(`/api/chats/${chatId}`)) loads.push(request.method());
    });
    await page.reload();
    await shows(page, question, until(0.3));
    server.wire.cut();
    desk.release();
    desk.holdAt(0.6, 'answer');
    await desk.held();
    await shows(page, question, until(0.3));
    server.wire.mend();
    await shows(page, question, until(0.6));
    desk.release();
    await shows(page, question, whole);
    await keeps(chatId, question, whole);
    // What a resumed answer brings needs no second look at the database.
    expect(loads).toEqual(['GET']);
    await click(page, 'Send');
    await shows(page, question, whole, question, whole);
    await keeps(chatId, question, whole, question, whole);
    await page.reload();
    await shows(page, question, whole, question, whole);
    expect(desk.takeComplaints()).toEqual([]);
  });

  it('stops an answer, and keeps what was written of it', async () => {
    const [desk, { openHeld, keeps }] = [getDesk(), getHost()];
    const { page, chatId } = await openHeld();
    await click(page, 'Stop');
    await page.getByRole('button', { name: 'Stop' }).waitFor({ state: 'detached' });
    await keeps(chatId, question, until(0.3));
    desk.release();
    await click(page, 'Send');
    await shows(page, question, until(0.3), question, whole);
    expect(desk.takeComplaints()).toEqual([]);
  });

  it('says so where a chat cannot be loaded', async () => {
    const { page } = await getHost().open();
    await page.route('**/api/chats/*', (route) => route.fulfill({ status: 503 }));
    await page.reload();
    await page.getByText('The chat could not be loaded (503).').waitFor();
    expect(getDesk().takeComplaints()).toEqual([]);
  });
}
