import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type ChatDesk, startChatDesk } from './chat-desk';
import { alert, answers, ask, ended, rendered, shows, textUntil } from './chat-page';
import { patience } from './desk';

const story = 'Tell me a story about a lighthouse';
const reportRequest = 'Write a report about small harbours';

let desk: ChatDesk;

beforeAll(async () => {
  desk = await startChatDesk({ args: ['--instances', '2'] });
});

afterAll(() => desk?.close());

afterEach(() => desk.closeTabs());

describe('the chat with two instances behind one address', () => {
  it('goes on after a reload, which lands on the other instance, and is kept once', async () => {
    const undisturbed = await desk.readUndisturbed(story);
    const { page, complaints, requests } = await desk.openTab();
    desk.holdAt('answer', 0.4);
    await ask(page, story);
    await shows(page, textUntil(story, 0.4));
    const home = requests.find(({ method }) => method === 'POST')?.instance;

    await page.reload();
    await shows(page, textUntil(story, 0.4));
    const followed = requests.filter(({ isFollowing }) => isFollowing).at(-1);
    expect(followed).toMatchObject({ method: 'GET', status: 200, instance: otherThan(home) });

    desk.release();
    await desk.expectWhole(page, undisturbed);
    await page.reload();
    await desk.expectWhole(page, undisturbed);
    expect(desk.outcomes()).toEqual(['answer completed']);
    expect(complaints).toEqual([]);
  });

  it('stops on the other instance what runs on this one', async () => {
    const { page, complaints, requests } = await desk.openTab();
    desk.holdAt('report', 0.5);
    await ask(page, reportRequest);
    await page.getByText('Section 3 of 5').first().waitFor();
    const home = requests.find(({ method }) => method === 'POST')?.instance;

    await page.getByRole('button', { name: 'Stop' }).click();
    await page.getByText('Report, stopped').waitFor();
    await ended(page);
    const stop = requests.find(({ method }) => method === 'DELETE');
    expect(stop).toMatchObject({ status: 200, instance: otherThan(home) });
    await expect.poll(desk.outcomes, patience).toContain('report disconnected');
    expect(complaints).toEqual([]);
  });

  // The last one: an instance is gone afterwards.
  it('keeps what was written when its instance is killed, and answers again on the other', async () => {
    const undisturbed = await desk.readUndisturbed(story);
    const { page, requests } = await desk.openTab();
    desk.holdAt('answer', 0.5);
    await ask(page, story);
    const part = textUntil(story, 0.5);
    await shows(page, part);
    const home = requests.find(({ method }) => method === 'POST')?.instance;

    process.kill(processOf(home), 'SIGKILL');
    await alert(page).getByText('The answer broke off.').waitFor();
    await ended(page);
    await shows(page, part);
    await expect.poll(() => desk.answersKept(page), patience).toHaveLength(1);
    const lost = await rendered(page);
    await page.reload();
    await ended(page);
    expect(await rendered(page)).toBe(lost);
    expect(await answers(page).count()).toBe(1);

    desk.release();
    await page.getByRole('button', { name: 'Try again' }).click();
    await alert(page).waitFor({ state: 'hidden' });
    await desk.expectWhole(page, undisturbed);
  });
});

function otherThan(instance: string | undefined): string {
  return instance === '1' ? '2' : '1';
}

/** As the demo has printed it. */
function processOf(instance: string | undefined): number {
  const pattern = new RegExp(`instance ${instance}, process (\\d+)`);
  return Number(pattern.exec(desk.output())?.[1]);
}
