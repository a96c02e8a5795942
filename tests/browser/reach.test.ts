// Reached by everybody: keyboard only, a phone's width, light and dark, and what axe finds.

import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as suite from './suite.ts';

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** What axe objects to, one line each; empty is good. */
async function objections(page: Page): Promise<string[]> {
  await page.evaluate(axeSource);
  return page.evaluate(async (rules) => {
    const { axe } = globalThis as unknown as { axe: typeof import('axe-core') };
    const { violations } = await axe.run(document, { runOnly: rules });
    return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html} ${node.failureSummary}`));
  }, RULES);
}

async function pressUntil(page: Page, key: string, reached: () => Promise<boolean>): Promise<void> {
  for (let presses = 0; presses < 60; presses += 1) {
    if (await reached()) return;
    await page.keyboard.press(key);
  }
  throw new Error(`sixty times ${key} did not get there`);
}

describe.skipIf(!suite.suiteIsThere())('reach', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await suite.launch();
  });
  afterAll(() => browser?.close());

  test('everything from signing in to posting works with the keyboard alone', async () => {
    const { page, context } = await suite.openPage(browser);
    const who = suite.login(0, 'member');
    await page.goto(suite.url);
    await page.getByLabel('User name').waitFor();
    await page.keyboard.type(who.username);
    await page.keyboard.press('Tab');
    await page.keyboard.type(who.password);
    await page.keyboard.press('Enter');
    await page.getByRole('navigation', { name: 'Threads' }).waitFor();

    const title = suite.unique('By keyboard');
    await page.keyboard.press('Alt+n');
    await page.getByRole('textbox', { name: 'Title' }).waitFor();
    await page.keyboard.type(title);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: title }).waitFor();
    const box = page.getByRole('textbox', { name: 'Message', exact: true });
    await pressUntil(page, 'Tab', () => box.evaluate((node) => node === document.activeElement));
    await page.keyboard.type('first line');
    await page.keyboard.press('Shift+Enter');
    await page.keyboard.type('second line');
    await page.keyboard.press('Enter');
    await suite.seeMessage(page, 'first line\nsecond line');
    expect(await box.inputValue()).toBe('');

    await page.keyboard.press('Control+/');
    await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.keyboard.press('Alt+i');
    await page.getByRole('dialog', { name: 'Details' }).waitFor();
    await page.keyboard.press('Escape');
    await context.close();
  });

  test('at 360 px the list and the thread are screens of their own and nothing is cut off', async () => {
    const { page, context } = await suite.openPage(browser, { viewport: { width: 360, height: 740 }, hasTouch: true });
    await suite.signIn(page, suite.login(0, 'member'));
    const fits = () => page.evaluate(() => document.documentElement.scrollWidth <= innerWidth);
    expect(await fits()).toBe(true);
    const title = suite.unique('A rather long title that has to wrap on a narrow phone');
    await suite.openThread(page, title);
    await suite.write(page, `${'x'.repeat(200)} ends here`);
    await suite.seeMessage(page, 'ends here');
    expect(await fits()).toBe(true);
    expect(await page.getByRole('navigation', { name: 'Threads' }).isVisible()).toBe(false);
    await suite.shoot(page, 'phone-thread');
    await page.getByRole('link', { name: 'Back to the list' }).click();
    await page.getByRole('link', { name: title }).waitFor();
    await suite.shoot(page, 'phone-list');
    await context.close();
  });

  test.each(['light', 'dark'] as const)('axe has no objection to any screen in %s', async (colorScheme) => {
    const { page, context, faults } = await suite.openPage(browser, { colorScheme, reducedMotion: 'reduce' });
    const found: string[] = [];
    const check = async (name: string) => {
      await suite.shoot(page, `${name}-${colorScheme}`);
      found.push(...(await objections(page)).map((line) => `${name}: ${line}`));
    };
    await page.goto(suite.url);
    await page.getByLabel('User name').waitFor();
    await check('sign-in');
    await suite.signIn(page, suite.login(0, 'analyst'));
    await check('list');
    await page.getByRole('button', { name: 'New thread' }).click();
    await page.getByRole('textbox', { name: 'Title' }).waitFor();
    await check('new-thread');
    await page.keyboard.press('Escape');
    await suite.openThread(page, suite.unique('Looked at'));
    await suite.write(page, 'A message to look at.');
    await suite.seeMessage(page, 'A message to look at.');
    await check('thread');
    await page.getByRole('button', { name: 'Details' }).click();
    await page.getByRole('dialog', { name: 'Details' }).waitFor();
    await check('details');
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: /^Account/ }).click();
    await page.getByRole('menuitem', { name: 'Sign out' }).waitFor();
    await check('account');
    expect(found).toEqual([]);
    expect(faults).toEqual([]);
    await context.close();
  });

  test.each([
    ['light', 1280],
    ['dark', 1280],
    ['light', 360],
    ['dark', 360],
  ] as const)('axe has no objection to a conversation under way in %s at %i px', async (colorScheme, width) => {
    const viewport = { width, height: 740 };
    const [alba, andre] = await Promise.all([
      suite.openPage(browser, { colorScheme, viewport, hasTouch: width < 720 }),
      suite.openPage(browser),
    ]);
    const found: string[] = [];
    const check = async (name: string) => {
      await suite.shoot(alba.page, `under-way-${name}-${colorScheme}-${width}`);
      expect(await alba.page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
      found.push(...(await objections(alba.page)).map((line) => `${name}: ${line}`));
    };
    await suite.signIn(alba.page, suite.login(0, 'member'));
    await suite.signIn(andre.page, suite.login(0, 'analyst'));
    const title = suite.unique('Beacon to 203.0.113.7 from LAB-7');
    await suite.openThread(alba.page, title);
    await suite.enterThread(andre.page, title);
    await suite.write(andre.page, 'Please isolate it from the network, but leave it powered on: we want memory first.');
    await alba.page.getByRole('button', { name: /^Acknowledge message/ }).click();
    await alba.page.getByText('Acknowledged by').waitFor();
    await suite.write(alba.page, 'Isolated at the switch. Port 14, VLAN 320.');
    await suite.seeMessage(andre.page, 'VLAN 320');
    await alba.page.getByRole('textbox', { name: 'Message', exact: true }).press('ArrowUp');
    await alba.page.getByRole('textbox', { name: 'Correction' }).fill('Isolated at the switch. Port 14, VLAN 230.');
    await check('correcting');
    await alba.page.getByRole('textbox', { name: 'Correction' }).press('Enter');
    await suite.seeMessage(andre.page, 'VLAN 230');
    await andre.page.getByRole('textbox', { name: 'Message', exact: true }).pressSequentially('The image is');
    await alba.page.locator('.wr-typing').getByText('is typing').waitFor();
    await alba.page.getByRole('button', { name: /^Seen by 1/ }).focus();
    await alba.page.locator('.wr-hint').waitFor();
    await check('seen-by');
    await alba.page.getByRole('button', { name: /^Participants/ }).click();
    await alba.page.getByRole('dialog', { name: 'Details' }).waitFor();
    await check('participants');
    await alba.page.keyboard.press('Escape');
    await suite.cutNetwork(alba.context, alba.page);
    await suite.write(alba.page, 'written without a connection');
    await alba.page.getByText('Sending…').waitFor();
    await check('offline');
    expect(found).toEqual([]);
    expect(alba.faults).toEqual([]);
    await Promise.all([alba.context.close(), andre.context.close()]);
  });
});
