// The running suite as these tests see it: where it is, who may sign in, and a browser.
//
// WARDROOM_URL     where the suite answers, https://localhost:8443
// WARDROOM_LOGINS  path of logins.json, {"url", "logins": [{tenant, username, password, role}]}
// CHROMIUM         the browser, /usr/bin/chromium unless set

import { mkdirSync, readFileSync } from 'node:fs';
import { HttpClient } from '@wardroom/client/http-client';
import { chromium, type Browser, type BrowserContext, type BrowserContextOptions, type Page } from 'playwright-core';
import { onTestFinished } from 'vitest';

export interface Login {
  tenant: string;
  username: string;
  password: string;
  role: string;
}

export const url = process.env['WARDROOM_URL'] ?? '';
const loginsPath = process.env['WARDROOM_LOGINS'] ?? '';

/** False, after a clear line, when there is no suite to test. */
export function suiteIsThere(): boolean {
  if (url && loginsPath) return true;
  console.log('browser tests skipped: set WARDROOM_URL and WARDROOM_LOGINS to those of a running suite');
  return false;
}

const logins: Login[] = loginsPath
  ? (JSON.parse(readFileSync(loginsPath, 'utf8')) as { logins: Login[] }).logins
  : [];
const tenants = [...new Set(logins.filter(({ role }) => role === 'analyst').map(({ tenant }) => tenant))];

/** The nth log-in of a role in the first or second demo tenant. */
export function login(tenant: 0 | 1, role: string, nth = 0): Login {
  const found = logins.filter((one) => one.tenant === tenants[tenant] && one.role === role)[nth];
  if (!found) throw new Error(`logins.json has no ${role} number ${nth} in tenant number ${tenant}`);
  return found;
}

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export function launch(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
    headless: true,
    args: FLAGS,
  });
}

const DEADLINE_MS = 15_000;

/** A browser of its own: own storage, own connections. Errors of the page end up in `faults`. */
export async function openPage(browser: Browser, options: BrowserContextOptions = {}) {
  const context = await browser.newContext({
    ignoreHTTPSErrors: true,
    viewport: { width: 1280, height: 800 },
    ...options,
  });
  onTestFinished(() => context.close()); // a test that failed leaves nobody signed in
  context.setDefaultTimeout(DEADLINE_MS);
  const page = await context.newPage();
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(String(error)));
  page.on('console', (message) => {
    if (/Content.Security.Policy/i.test(message.text())) faults.push(message.text());
  });
  return { page, context, faults };
}

export async function signIn(page: Page, who: Login): Promise<void> {
  await page.goto(url);
  await page.getByLabel('User name').fill(who.username);
  await page.getByLabel('Password', { exact: true }).fill(who.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('navigation', { name: 'Threads' }).waitFor();
}

export async function openThread(page: Page, title: string): Promise<void> {
  await page.getByRole('button', { name: 'New thread' }).click();
  await page.getByRole('textbox', { name: 'Title' }).fill(title);
  await page.getByRole('button', { name: 'Open thread' }).click();
  await page.getByRole('heading', { name: title }).waitFor();
}

/** Choose a thread of the list. */
export async function enterThread(page: Page, title: string): Promise<void> {
  await page.getByRole('navigation', { name: 'Threads' }).getByRole('link', { name: title }).click();
  await page.getByRole('heading', { name: title }).waitFor();
}

export async function write(page: Page, body: string): Promise<void> {
  const box = page.getByRole('textbox', { name: 'Message', exact: true });
  await box.fill(body);
  await box.press('Enter');
}

/** An analyst adds a person to the thread that is open. */
export async function invite(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name: 'Details' }).click();
  const dialog = page.getByRole('dialog', { name: 'Details' });
  await dialog.getByLabel('Add a person').fill(name);
  await page.getByRole('option', { name }).click();
  await dialog.getByRole('listitem').filter({ hasText: name }).waitFor();
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
}

/** Beside the browser: so many messages in the thread with this title. */
export async function say(who: Login, title: string, count: number): Promise<void> {
  const http = new HttpClient({ baseUrl: url });
  await http.signIn({ username: who.username, password: who.password });
  const thread = (await http.threads({ limit: 20 })).results.find((one) => one.title === title);
  if (!thread) throw new Error(`no thread ${title}`);
  for (let number = 1; number <= count; number += 1) {
    await http.postMessage(thread.id, { client_id: crypto.randomUUID(), body: `message ${number} of ${count}` });
  }
}

/** End the session of this page from elsewhere, as an administrator or another browser would. */
export async function endSession(page: Page): Promise<void> {
  const refresh = await page.evaluate(() => sessionStorage.getItem('wardroom.refresh'));
  const http = new HttpClient({ baseUrl: url });
  await http.call('/api/chat/token/revoke/', { method: 'POST', json: { refresh }, authorized: false });
}

/** Wait until the message is there as recorded: it has its number and hash, not only its text. */
export async function seeMessage(page: Page, body: string): Promise<void> {
  await page
    .getByRole('article', { name: /^Message \d+$/ })
    .filter({ hasText: body })
    .waitFor();
}

export function unique(words: string): string {
  return `${words} ${Date.now().toString(36)}${Math.random().toString(36).slice(2, 6)}`;
}

const shots = new URL('./shots/', import.meta.url).pathname;
mkdirSync(shots, { recursive: true });

export async function shoot(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: `${shots}${name}.png`, animations: 'disabled' });
}

/** No new connection gets through, and the open socket is taken for dead. */
export async function cutNetwork(context: BrowserContext, page: Page): Promise<void> {
  await context.setOffline(true);
  await page.getByText('Connection lost').waitFor({ timeout: 60_000 });
}

export async function restoreNetwork(context: BrowserContext, page: Page): Promise<void> {
  await context.setOffline(false);
  await page.getByText('Connection lost').waitFor({ state: 'detached', timeout: 60_000 });
}
