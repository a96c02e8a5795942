// The running suite as the flow tests use it: log-ins, clients, programs to kill.
//
// WARDROOM_URL     where the suite answers, https://localhost:8443
// WARDROOM_LOGINS  path of logins.json
// WARDROOM_STATE   the state directory, for tests that kill programs or look into databases
// NODE_EXTRA_CA_CERTS is set by vitest.config.ts from the state directory. Next: conversation.test.ts

import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { HttpClient } from '@wardroom/client/http-client';
import { LiveSocket } from '@wardroom/client/live-socket';
import type { WebSocketLike } from '@wardroom/client/connection';
import type { Message } from '@wardroom/client/types';
import { onTestFinished, vi } from 'vitest';
import { WebSocket } from 'ws';

/** What AddressSanitizer keeps of freed memory in each program of a sanitized suite: its default. */
export const sanitizerMiB = process.env['WARDROOM_BIN']?.endsWith('/dev/bin') ? 256 : 0;

export const url = process.env['WARDROOM_URL'] ?? '';
export const state = process.env['WARDROOM_STATE'] ?? '';
export const projectRoot = new URL('../../', import.meta.url).pathname;
const loginsPath = process.env['WARDROOM_LOGINS'] ?? '';

/** False, after a clear line, when there is no suite to test. */
export function suiteIsThere(): boolean {
  if (url && loginsPath && state) return true;
  console.log('flow tests skipped: set WARDROOM_URL, WARDROOM_LOGINS and WARDROOM_STATE');
  return false;
}

export interface Login {
  tenant: string;
  username: string;
  password: string;
  role: string;
}

const logins: Login[] = loginsPath
  ? (JSON.parse(readFileSync(loginsPath, 'utf8')) as { logins: Login[] }).logins
  : [];
export const tenants = [
  ...new Set(logins.filter(({ role }) => role === 'analyst').map(({ tenant }) => tenant)),
];

/** The nth log-in of a role in the first or second demo tenant. */
export function login(tenant: 0 | 1, role: string, nth = 0): Login {
  const found = logins.filter((one) => one.tenant === tenants[tenant] && one.role === role)[nth];
  if (!found) throw new Error(`logins.json has no ${role} number ${nth} in tenant number ${tenant}`);
  return found;
}

/** The one log-in that belongs to no demo tenant. */
export function operator(): Login {
  const found = logins.find(({ role }) => role === 'operator');
  if (!found) throw new Error('logins.json has no operator');
  return found;
}

/** One argon2 check per person and test file is enough. */
const signedIn = new Map<string, Promise<HttpClient>>();

export function client(who: Login): Promise<HttpClient> {
  const known = signedIn.get(who.username) ?? freshClient(who);
  signedIn.set(who.username, known);
  return known;
}

export async function freshClient(who: Login): Promise<HttpClient> {
  const http = new HttpClient({ baseUrl: url });
  await http.signIn({ username: who.username, password: who.password });
  return http;
}

export interface Live {
  live: LiveSocket;
  messages: Message[];
}

/** A live socket that keeps every message it was handed; closed when the test ends. */
export function connect(http: HttpClient): Live {
  const live = new LiveSocket({
    url: `${url.replace('http', 'ws')}/ws/chat/`,
    tokens: http.tokens,
    webSocket: (address, protocols) =>
      new WebSocket(address, protocols) as unknown as WebSocketLike,
    backoff: { baseMs: 50, capMs: 500 },
  });
  onTestFinished(() => live.stop());
  const messages: Message[] = [];
  live.on('message', (message) => messages.push(message));
  live.start();
  return { live, messages };
}

/** Wait until the condition holds; fails with its last complaint at the deadline. */
export function until(condition: () => void | Promise<void>, timeout = 10_000): Promise<void> {
  return vi.waitFor(condition, { timeout, interval: 20 });
}

export function unique(words: string): string {
  return `${words} ${crypto.randomUUID().slice(-12)}`;
}

/** Every message of a thread by HTTP, page by page. */
export async function history(http: HttpClient, threadId: string): Promise<Message[]> {
  const all: Message[] = [];
  for (;;) {
    const page = await http.messages(threadId, { after_seq: all.at(-1)?.seq ?? 0, limit: 200 });
    all.push(...page.results);
    if (page.results.length === 0) return all;
  }
}

export interface Program {
  name: string;
  pid: number;
  state: string;
  version: string;
}

const run = promisify(execFile);

export async function programs(): Promise<Program[]> {
  // Its exit code says whether all of them run; which do is in the answer either way.
  const { out } = await command(`${projectRoot}wardroom`, ['status', '--json', '--state', state]);
  return (JSON.parse(out) as { programs: Program[] }).programs;
}

/** kill -9 the program, and wait until the supervisor has it running under another pid. */
export async function killProgram(name: string): Promise<void> {
  const before = (await programs()).find((program) => program.name === name);
  if (!before) throw new Error(`no program ${name}`);
  process.kill(before.pid, 'SIGKILL');
  await until(async () => {
    const now = (await programs()).find((program) => program.name === name);
    if (!now || now.pid === before.pid || now.pid <= 0) throw new Error(`${name} is not back yet`);
  });
}

/** One command to the suite's Redis. */
export async function redis(...words: string[]): Promise<string> {
  const where = new URL(readFileSync(`${state}/secrets/redis_url`, 'utf8').trim());
  const { out } = await command('redis-cli', ['-h', where.hostname, '-p', where.port, ...words], {
    REDISCLI_AUTH: where.password,
  });
  return out;
}

/** Run a program and give what it printed and how it ended, never throwing for its exit code. */
export async function command(
  file: string,
  args: string[],
  env: Record<string, string> = {},
): Promise<{ code: number; out: string }> {
  const options = { env: { ...process.env, ...env }, maxBuffer: 256 * 1024 * 1024 };
  return run(file, args, options).then(
    ({ stdout, stderr }) => ({ code: 0, out: stdout + stderr }),
    (error: { code?: number; stdout?: string; stderr?: string }) => ({
      code: typeof error.code === 'number' ? error.code : 1,
      out: `${error.stdout ?? ''}${error.stderr ?? ''}`,
    }),
  );
}
