// What two people of one tenant see of each other, and what nobody else sees.

import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as suite from './suite.ts';

describe.skipIf(!suite.suiteIsThere())('the conversation', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await suite.launch();
  });
  afterAll(() => browser?.close());

  test('a wrong password is refused with words that say what to do', async () => {
    const { page, context } = await suite.openPage(browser);
    await page.goto(suite.url);
    await page.getByLabel('User name').fill(suite.login(0, 'member').username);
    await page.getByLabel('Password', { exact: true }).fill('not the password');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('alert').waitFor();
    await suite.shoot(page, 'sign-in-refused');
    await context.close();
  });

  test('two browsers of one tenant see each other, a browser of the other tenant sees nothing', async () => {
    const [member, analyst, stranger] = await Promise.all([
      suite.openPage(browser),
      suite.openPage(browser),
      suite.openPage(browser),
    ]);
    await suite.signIn(member.page, suite.login(0, 'member'));
    await suite.signIn(analyst.page, suite.login(0, 'analyst'));
    await suite.signIn(stranger.page, suite.login(1, 'admin'));

    const title = suite.unique('Beacon');
    await suite.openThread(member.page, title);
    await suite.enterThread(analyst.page, title); // appears live in the other list
    await suite.write(member.page, 'Nobody should be in the lab.');
    await suite.seeMessage(analyst.page, 'Nobody should be in the lab.');
    await suite.write(analyst.page, 'Please isolate it.');
    await suite.seeMessage(member.page, 'Please isolate it.');
    await suite.shoot(member.page, 'two-browsers-member');
    await suite.shoot(analyst.page, 'two-browsers-analyst');

    await stranger.page.reload();
    await stranger.page.getByRole('navigation', { name: 'Threads' }).waitFor();
    expect(await stranger.page.getByText(title).count()).toBe(0);
    await stranger.page.goto(member.page.url());
    await stranger.page.getByRole('heading', { name: 'This thread is not here' }).waitFor();
    await suite.shoot(stranger.page, 'other-tenant');
    for (const { faults, context } of [member, analyst, stranger]) {
      expect(faults).toEqual([]);
      await context.close();
    }
  });

  test('unread messages are counted in the list until the thread is opened', async () => {
    const member = await suite.openPage(browser);
    const analyst = await suite.openPage(browser);
    await suite.signIn(member.page, suite.login(0, 'member'));
    const title = suite.unique('Counted');
    await suite.openThread(member.page, title);
    await suite.write(member.page, 'one');
    await suite.seeMessage(member.page, 'one');
    await suite.signIn(analyst.page, suite.login(0, 'analyst'));
    const row = analyst.page.getByRole('link', { name: title });
    await row.getByText('unread').waitFor();
    await suite.enterThread(analyst.page, title);
    await row.getByText('unread').waitFor({ state: 'detached' });
    await Promise.all([member.context.close(), analyst.context.close()]);
  });

  test('a reload keeps the session and what was said in the meantime is there', async () => {
    const member = await suite.openPage(browser);
    const analyst = await suite.openPage(browser);
    await suite.signIn(member.page, suite.login(0, 'member'));
    await suite.signIn(analyst.page, suite.login(0, 'analyst'));
    const title = suite.unique('Reloaded');
    await suite.openThread(member.page, title);
    await suite.enterThread(analyst.page, title);
    await suite.write(member.page, 'before');
    await suite.seeMessage(analyst.page, 'before');

    await analyst.page.goto('about:blank');
    await suite.write(member.page, 'while you were away');
    await suite.seeMessage(member.page, 'while you were away');
    await analyst.page.goBack();
    await suite.seeMessage(analyst.page, 'before');
    await suite.seeMessage(analyst.page, 'while you were away');
    await analyst.page.reload();
    await suite.seeMessage(analyst.page, 'while you were away');
    expect(analyst.page.url()).not.toContain('token');
    await Promise.all([member.context.close(), analyst.context.close()]);
  });

  test('a message written without a connection is sent once when it is back', async () => {
    const { page, context } = await suite.openPage(browser);
    await suite.signIn(page, suite.login(0, 'member'));
    await suite.openThread(page, suite.unique('Offline'));
    await suite.write(page, 'before the cut');
    await suite.seeMessage(page, 'before the cut');
    await suite.cutNetwork(context, page);
    await suite.write(page, 'written in the dark');
    await page.getByText('Sending…').waitFor();
    await suite.shoot(page, 'offline');
    await suite.restoreNetwork(context, page);
    await suite.seeMessage(page, 'written in the dark');
    await page.getByText('Sending…').waitFor({ state: 'detached' });
    expect(await page.getByText('written in the dark').count()).toBe(1);
    await context.close();
  });

  test('a duplicated tab asks to sign in and leaves the first one working', async () => {
    const { page, context } = await suite.openPage(browser);
    await suite.signIn(page, suite.login(0, 'member'));
    const opened = context.waitForEvent('page');
    await page.evaluate(() => void window.open(location.href)); // copies sessionStorage
    const copy = await opened;
    await copy.getByText('open in another tab').waitFor();
    await page.reload();
    await page.getByRole('navigation', { name: 'Threads' }).waitFor();
    await context.close();
  });

  test('signing out ends the session for the reload as well', async () => {
    const { page, context } = await suite.openPage(browser);
    await suite.signIn(page, suite.login(0, 'member'));
    await page.getByRole('button', { name: /^Account/ }).click();
    await page.getByRole('menuitem', { name: 'Sign out' }).click();
    await page.getByRole('button', { name: 'Sign in' }).waitFor();
    await page.reload();
    await page.getByRole('button', { name: 'Sign in' }).waitFor();
    expect(await page.evaluate(() => sessionStorage.length)).toBe(0);
    await context.close();
  });
});
