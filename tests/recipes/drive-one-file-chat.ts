import { expect, it } from 'vitest';
import { ask, type ChatHost, click, question, shows, until, whole } from './chat-host';
import type { RecipesDesk } from './desk';

const mailRequest = 'Please send a mail to ada@example.com';
const offer = 'A mail to ada@example.com, if I may.';

/** Drives the pasted chat in one file through what can happen to it while its server runs. */
export function driveOneFileChat(getDesk: () => RecipesDesk, getHost: () => ChatHost): void {
  it('goes on over a reload, a cut and being offline, and is followed by a second tab', async () => {
    const [desk, { openHeld, keeps, server }] = [getDesk(), getHost()];
    const { page, chatId } = await openHeld();
    await keeps(chatId, question);
    await page.reload();
    await shows(page, question, until(0.3));
    const second = await desk.openTab(page.url());
    await shows(second, question, until(0.3));
    server.wire.cut();
    await page.context().setOffline(true);
    desk.release();
    desk.holdAt(0.6, 'answer');
    await desk.held();
    await shows(page, question, until(0.3));
    server.wire.mend();
    await page.context().setOffline(false);
    for (const tab of [page, second]) await shows(tab, question, until(0.6));
    desk.release();
    for (const tab of [page, second]) await shows(tab, question, whole);
    await keeps(chatId, question, whole);
    await ask(second);
    await shows(second, question, whole, question, whole);
    await keeps(chatId, question, whole, question, whole);
    await page.reload();
    await shows(page, question, whole, question, whole);
    expect(desk.takeComplaints()).toEqual([]);
  });

  it('stops an answer, and keeps what was written of it', async () => {
    const [desk, { openHeld, keeps }] = [getDesk(), getHost()];
    const { page, chatId } = await openHeld();
    await click(page, 'Stop');
    await keeps(chatId, question, until(0.3));
    desk.release();
    await ask(page);
    await shows(page, question, until(0.3), question, whole);
    expect(desk.takeComplaints()).toEqual([]);
  });

  it('waits for the approval of a tool, also after a reload, and takes no for an answer', async () => {
    const [desk, { open, keeps }] = [getDesk(), getHost()];
    const { page, chatId } = await open();
    await ask(page, mailRequest);
    await page.getByRole('button', { name: 'Send the mail to ada@example.com' }).waitFor();
    await keeps(chatId, mailRequest, offer);
    await page.reload();
    await page.getByRole('button', { name: 'Send the mail to ada@example.com' }).click();
    const sent = [mailRequest, offer, 'The mail is on its way.'];
    await shows(page, ...sent);
    await ask(page, mailRequest);
    await page.getByRole('button', { name: 'Drop the mail to ada@example.com' }).click();
    const dropped = [...sent, mailRequest, offer, 'Then I send nothing.'];
    await shows(page, ...dropped);
    // Of a message, the database has all texts.
    await keeps(
      chatId,
      mailRequest,
      sent.slice(1).join(''),
      mailRequest,
      dropped.slice(4).join(''),
    );
    await page.reload();
    await shows(page, ...dropped);
    expect(desk.takeComplaints()).toEqual([]);
  });
}
