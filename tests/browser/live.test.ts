// What people see of each other while they work: typing, reading, acknowledging, correcting, being
// there; and what they do not notice of a broken connection or lose with a session that ends.

import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as suite from './suite.ts';

const ALBA = 'Alba Ferrer';
const AIKO = 'Aiko Tanaka';
const ANDRE = 'André Lindqvist';

/** Alba's thread with André looking at it, each in a browser of their own. */
async function twoInAThread(browser: Browser, words: string, prepareAlba = async (_page: Page) => {}) {
  const [alba, andre] = await Promise.all([suite.openPage(browser), suite.openPage(browser)]);
  await prepareAlba(alba.page);
  await suite.signIn(alba.page, suite.login(0, 'member'));
  await suite.signIn(andre.page, suite.login(0, 'analyst'));
  const title = suite.unique(words);
  await suite.openThread(alba.page, title);
  await suite.enterThread(andre.page, title);
  const close = async () => {
    expect([...alba.faults, ...andre.faults]).toEqual([]);
    await Promise.all([alba.context.close(), andre.context.close()]);
  };
  return { alba: alba.page, albasContext: alba.context, andre: andre.page, andresContext: andre.context, title, close };
}

const box = (page: Page) => page.getByRole('textbox', { name: 'Message', exact: true });
const messageWith = (page: Page, body: string) =>
  page.getByRole('article', { name: /^Message \d+$/ }).filter({ has: page.locator('p', { hasText: body }) });

/** As when another window is in front: nobody looks at this page. */
async function lookAway(page: Page): Promise<void> {
  await page.evaluate(() => {
    document.hasFocus = () => false;
    dispatchEvent(new Event('blur'));
  });
}

async function lookBack(page: Page): Promise<void> {
  await page.evaluate(() => {
    document.hasFocus = () => true;
    dispatchEvent(new Event('focus'));
  });
}

describe.skipIf(!suite.suiteIsThere())('live', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await suite.launch();
  });
  afterAll(() => browser?.close());

  test('those who type are named in one line until they send or stop', async () => {
    const { alba, andre, title, close } = await twoInAThread(browser, 'Typing');
    const aiko = await suite.openPage(browser);
    await suite.signIn(aiko.page, suite.login(0, 'member', 1));
    await suite.invite(andre, AIKO);
    await suite.enterThread(aiko.page, title);

    await box(alba).pressSequentially('The lab is');
    const line = andre.locator('.wr-typing');
    await line.getByText(`${ALBA} is typing`).waitFor();
    await box(aiko.page).pressSequentially('I was in');
    await line.getByText(`${ALBA} and ${AIKO} are typing`).waitFor();
    await suite.shoot(andre, 'live-two-typing');
    await box(alba).press('Enter');
    await line.getByText(`${AIKO} is typing`).waitFor();
    await box(aiko.page).fill('');
    await line.getByText('typing').waitFor({ state: 'detached' });
    await aiko.context.close();
    await close();
  });

  test('who has read a message is shown with the time, by hover, by focus and in words', async () => {
    const { alba, andre, close } = await twoInAThread(browser, 'Reading');
    await suite.write(alba, 'Is the image complete?');
    await suite.write(andre, 'Yes, 64 GiB.');
    const seen = messageWith(alba, 'Is the image complete?').getByRole('button', { name: `Seen by 1: ${ANDRE}` });
    await seen.waitFor();
    expect(await seen.getAttribute('aria-label')).toMatch(/\d\d:\d\d$/);
    await seen.focus();
    await alba.getByText(ANDRE, { exact: true }).last().waitFor();
    await suite.shoot(alba, 'live-seen-by');
    await alba.keyboard.press('Escape');
    await messageWith(andre, 'Yes, 64 GiB.').getByRole('button', { name: `Seen by 1: ${ALBA}` }).waitFor();
    await close();
  });

  test('what comes while nobody looks is unread, stands below a line, and is read by looking', async () => {
    const { alba, andre, title, close } = await twoInAThread(browser, 'Looking away');
    await suite.write(alba, 'seen at once');
    await messageWith(alba, 'seen at once').getByRole('button', { name: /^Seen by 1/ }).waitFor();
    await lookAway(andre);
    await suite.write(alba, 'said to an empty chair');
    await suite.seeMessage(andre, 'said to an empty chair');
    const row = andre.getByRole('link', { name: title });
    await row.getByText('1 unread').waitFor();
    await andre.locator('[data-new]').waitFor();
    expect(await andre.title()).toMatch(/^\(\d+\) /);
    await suite.shoot(andre, 'live-unread');
    const seen = messageWith(alba, 'said to an empty chair').getByRole('button', { name: /^Seen by/ });
    expect(await seen.count()).toBe(0);
    await lookBack(andre);
    await seen.waitFor();
    await row.getByText('unread').waitFor({ state: 'detached' });
    await close();
  });

  test('a long absence opens at the first unread message and only what was on the screen is read', async () => {
    const { alba, andre, title, close } = await twoInAThread(browser, 'Absence');
    await suite.write(alba, 'the last word before lunch');
    await messageWith(alba, 'the last word before lunch').getByRole('button', { name: /^Seen by 1/ }).waitFor();
    await andre.goto('about:blank');
    await suite.say(suite.login(0, 'member'), title, 40);
    await andre.goto(alba.url());
    await andre.locator('[data-new]').waitFor();
    await andre.locator('[data-new]').evaluate((line) => {
      const { top } = line.getBoundingClientRect();
      if (top < 0 || top > innerHeight) throw new Error('the line is not on the screen');
    });
    const row = andre.getByRole('link', { name: title });
    await row.getByText(/unread/).waitFor();
    await suite.shoot(andre, 'live-first-unread');
    await andre.getByRole('button', { name: 'To the newest message' }).click();
    await row.getByText(/unread/).waitFor({ state: 'detached' });
    await close();
  });

  test('a correction points at the first words, which stay, and both ways can be gone', async () => {
    const { alba, andre, close } = await twoInAThread(browser, 'Correcting');
    await suite.write(alba, 'Port 14, VLAN 320.');
    await suite.seeMessage(alba, 'Port 14, VLAN 320.');
    await box(alba).press('ArrowUp');
    const correction = alba.getByRole('textbox', { name: 'Correction' });
    expect(await correction.inputValue()).toBe('Port 14, VLAN 320.');
    await suite.shoot(alba, 'live-correcting');
    await correction.press('Escape');
    await box(alba).waitFor();
    await messageWith(alba, 'VLAN 320').getByRole('button', { name: /^Correct message/ }).click();
    await correction.fill('Port 14, VLAN 230.');
    await correction.press('Enter');
    await suite.seeMessage(andre, 'Port 14, VLAN 230.');
    await messageWith(andre, 'VLAN 320').getByText('corrected by').waitFor();
    await messageWith(andre, 'VLAN 230').getByText('corrects').waitFor();
    await suite.shoot(andre, 'live-corrected');
    await messageWith(andre, 'VLAN 230').getByRole('button', { name: /^Go to message/ }).click();
    await messageWith(andre, 'VLAN 320').and(andre.locator(':focus')).waitFor();
    await close();
  });

  test('an acknowledgement is recorded once and shown with name and time at the message', async () => {
    const { alba, andre, close } = await twoInAThread(browser, 'Acknowledging');
    await suite.write(andre, 'Leave it powered on, please.');
    await suite.seeMessage(alba, 'Leave it powered on, please.');
    const message = messageWith(alba, 'Leave it powered on');
    await message.getByRole('button', { name: /^Acknowledge message/ }).click();
    await message.getByText(`Acknowledged by ${ALBA}`).waitFor();
    await messageWith(andre, 'Leave it powered on').getByText(`Acknowledged by ${ALBA}`).waitFor();
    await andre.locator('.wr-system').getByText(`${ALBA} acknowledged`).waitFor();
    expect(await message.getByRole('button', { name: /^Acknowledge message/ }).count()).toBe(0);
    expect(await messageWith(andre, 'Leave it powered on').getByRole('button', { name: /^Acknowledge/ }).count()).toBe(0);
    await suite.shoot(andre, 'live-acknowledged');
    await close();
  });

  test('the mark beside a name changes when that person leaves', async () => {
    const { alba, albasContext, andre, andresContext } = await twoInAThread(browser, 'Leaving');
    const faces = andre.getByRole('button', { name: /^Participants:/ });
    await andre.getByRole('button', { name: `Participants: ${ALBA} online` }).waitFor();
    await faces.click();
    await andre.getByRole('dialog', { name: 'Details' }).getByText('Member, online').waitFor();
    await suite.shoot(andre, 'live-present');
    await alba.close();
    await andre.getByRole('dialog', { name: 'Details' }).getByText('Member, offline').waitFor({ timeout: 40_000 });
    await suite.shoot(andre, 'live-left');
    await Promise.all([albasContext.close(), andresContext.close()]);
  });

  test('five minutes without a sign of somebody make them away, and the first sign brings them back', async () => {
    const { alba, andre, close } = await twoInAThread(browser, 'Away', (page) => page.clock.install());
    await andre.getByRole('button', { name: `Participants: ${ALBA} online` }).waitFor();
    await alba.clock.fastForward('05:01');
    await andre.getByRole('button', { name: `Participants: ${ALBA} away` }).waitFor();
    await suite.shoot(andre, 'live-away');
    await box(alba).press('Shift');
    await andre.getByRole('button', { name: `Participants: ${ALBA} online` }).waitFor();
    await close();
  });

  test('a post that is refused says why, keeps its words, and is sent again or discarded', async () => {
    const { alba, albasContext, andre, close } = await twoInAThread(browser, 'Refused');
    await suite.cutNetwork(albasContext, alba);
    await suite.write(alba, 'too late');
    await andre.getByRole('button', { name: 'Details' }).click();
    await andre.getByRole('button', { name: 'Close this thread' }).click();
    await andre.getByRole('button', { name: 'Reopen this thread' }).waitFor();
    await suite.restoreNetwork(albasContext, alba);
    const failed = alba.getByRole('article', { name: 'Message not sent' }).filter({ hasText: 'too late' });
    await failed.getByRole('alert').waitFor();
    await suite.shoot(alba, 'live-refused');
    await andre.getByRole('button', { name: 'Reopen this thread' }).click();
    await box(alba).waitFor();
    await failed.getByRole('button', { name: 'Send again' }).click();
    await suite.seeMessage(andre, 'too late');
    await failed.waitFor({ state: 'detached' });
    await close();
  });

  test('a lost network is said once, and what was written and said meanwhile is there once after it', async () => {
    const { alba, albasContext, andre, close } = await twoInAThread(browser, 'Offline');
    await suite.cutNetwork(albasContext, alba);
    await suite.write(alba, 'written in the dark');
    await suite.write(andre, 'said meanwhile');
    await alba.getByText('Sending…').waitFor();
    expect(await alba.getByRole('alert').count()).toBe(0);
    await suite.shoot(alba, 'live-offline');
    await suite.restoreNetwork(albasContext, alba);
    await suite.seeMessage(alba, 'written in the dark');
    await suite.seeMessage(alba, 'said meanwhile');
    await suite.seeMessage(andre, 'written in the dark');
    await alba.getByText('Sending…').waitFor({ state: 'detached' });
    expect(await alba.getByText('written in the dark').count()).toBe(1);
    expect(await messageWith(andre, 'written in the dark').count()).toBe(1);
    await close();
  });

  test('a session that ends leads to signing in, and what was typed is still there after it', async () => {
    const { alba, andre, title, close } = await twoInAThread(browser, 'Ended');
    await box(alba).fill('half a sentence');
    await suite.endSession(alba);
    await alba.getByText('Your session has ended. Sign in again to go on. What you typed is kept.').waitFor();
    await suite.shoot(alba, 'live-ended');
    const who = suite.login(0, 'member');
    await alba.getByLabel('User name').fill(who.username);
    await alba.getByLabel('Password', { exact: true }).fill(who.password);
    await alba.getByRole('button', { name: 'Sign in' }).click();
    await alba.getByRole('heading', { name: title }).waitFor();
    expect(await box(alba).inputValue()).toBe('half a sentence');
    await box(alba).press('Enter');
    await suite.seeMessage(andre, 'half a sentence');
    await close();
  });
});
