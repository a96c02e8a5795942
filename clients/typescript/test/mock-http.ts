// The mock's HTTP half: enough of the contract for the client's and the frontend's tests.

import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Thread } from '../src/types.ts';
import { participant, type MockStore, type Person, type StoredThread } from './mock-store.ts';

export interface MockTokens {
  lifeSeconds: number;
  access: Map<string, { person: Person; expiresAt: number }>;
  refresh: Map<string, Person>;
  spent: Set<string>;
  refreshCalls: number;
}

export interface MockHttpHost {
  store: MockStore;
  tokens: MockTokens;
  publish(thread: StoredThread, event: object): void;
  publishThread(thread: StoredThread, change: 'created' | 'updated'): void;
  tellPerson(person: Person, event: object): void;
}

interface Call {
  host: MockHttpHost;
  person: Person;
  method: string;
  params: string[];
  query: URLSearchParams;
  body: Record<string, unknown>;
}
interface Answer {
  status: number;
  json?: unknown;
}

const refused = (status: number, code: string, detail: string): Answer => ({
  status,
  json: { type: 'about:blank', title: code, status, code, detail, request_id: randomUUID() },
});
const NOT_FOUND = refused(404, 'not_found', 'No such thread.');

export function issueTokens(tokens: MockTokens, person: Person): object {
  const access = `access-${randomUUID()}`;
  const refresh = `refresh-${randomUUID()}`;
  tokens.access.set(access, { person, expiresAt: Date.now() + tokens.lifeSeconds * 1000 });
  tokens.refresh.set(refresh, person);
  return { access, refresh, token_type: 'Bearer', expires_in: tokens.lifeSeconds };
}

export function holderOf(tokens: MockTokens, access: string): Person | null {
  const held = tokens.access.get(access);
  return held && held.expiresAt > Date.now() ? held.person : null;
}

function token({ host, body }: Call): Answer {
  const person = host.store.people.find((one) => one.username === body['username']);
  if (!person || person.password !== body['password']) {
    return refused(401, 'invalid_credentials', 'User name or password is wrong.');
  }
  return { status: 200, json: issueTokens(host.tokens, person) };
}

function refreshToken({ host, body }: Call): Answer {
  host.tokens.refreshCalls += 1;
  const spent = String(body['refresh']);
  const person = host.tokens.refresh.get(spent);
  if (!person || host.tokens.spent.has(spent)) return refused(401, 'invalid_token', 'Spent or unknown.');
  host.tokens.spent.add(spent);
  return { status: 200, json: issueTokens(host.tokens, person) };
}

function revoke({ host, body }: Call): Answer {
  host.tokens.spent.add(String(body['refresh']));
  return { status: 204 };
}

function me({ person }: Call): Answer {
  const { id, username, name, role, tenant } = person;
  return { status: 200, json: { id, username, name, role, tenant, tenants: [{ id: tenant, name: tenant, role }] } };
}

function listThreads({ host, person, query }: Call): Answer {
  const limit = Number(query.get('limit') ?? 50);
  const start = Number(query.get('cursor') ?? 0);
  const status = query.get('status');
  const all = host.store.listFor(person).filter((thread) => !status || thread.status === status);
  const results = all.slice(start, start + limit).map((thread) => host.store.view(thread, person));
  return { status: 200, json: { results, next: start + limit < all.length ? String(start + limit) : null } };
}

function createThread({ host, person, body }: Call): Answer {
  const title = String(body['title'] ?? '').trim();
  if (!title) {
    const problem = refused(400, 'validation_failed', 'The request is not valid.');
    Object.assign(problem.json as object, { errors: [{ pointer: '/title', detail: 'must not be empty' }] });
    return problem;
  }
  const extra = { severity: body['severity'] ?? null, tlp: body['tlp'] ?? null } as Partial<Thread>;
  const thread = host.store.addThread(person, title, extra);
  host.publishThread(thread, 'created');
  return { status: 201, json: host.store.view(thread, person) };
}

function oneThread(call: Call): Answer {
  const thread = seen(call);
  if (!thread) return NOT_FOUND;
  if (call.method === 'GET') return { status: 200, json: call.host.store.view(thread, call.person) };
  if (call.person.role === 'member') return refused(403, 'forbidden', 'Members may not change a thread.');
  Object.assign(thread, call.body);
  const what = Object.entries(call.body).map(([name, value]) => `${name} to ${String(value)}`).join(', ');
  sayAs(call, thread, `${call.person.name} changed ${what}.`);
  return { status: 200, json: call.host.store.view(thread, call.person) };
}

function participants(call: Call): Answer {
  const thread = seen(call);
  if (!thread) return NOT_FOUND;
  if (call.method === 'POST') {
    const who = call.host.store.people.find((one) => one.id === call.body['user_id'] && one.tenant === call.person.tenant);
    if (!who) return refused(404, 'not_found', 'No such user.');
    thread.participants.push(participant(who));
    sayAs(call, thread, `${call.person.name} added ${who.name}.`);
    call.host.tellPerson(who, { type: 'thread', thread: call.host.store.view(thread), change: 'created' });
  }
  return { status: 200, json: { results: thread.participants, next: null } };
}

function removeParticipant(call: Call): Answer {
  const thread = seen(call);
  if (!thread) return NOT_FOUND;
  const gone = thread.participants.find((one) => one.user_id === call.params[1]);
  thread.participants = thread.participants.filter((one) => one !== gone);
  if (gone) sayAs(call, thread, `${call.person.name} removed ${gone.name}.`);
  return { status: 204 };
}

function messages(call: Call): Answer {
  const thread = seen(call);
  if (!thread) return NOT_FOUND;
  const { query } = call;
  if (call.method === 'POST') return postMessage(call, thread);
  const limit = Number(query.get('limit') ?? 50);
  const before = Number(query.get('before_seq') ?? 0);
  const after = Number(query.get('after_seq') ?? 0);
  const results = before
    ? thread.messages.filter((message) => message.seq < before).slice(-limit)
    : thread.messages.filter((message) => message.seq > after).slice(0, limit);
  return { status: 200, json: { results, next: null } };
}

function postMessage({ host, person, body }: Call, thread: StoredThread): Answer {
  const clientId = String(body['client_id']);
  const known = thread.messages.find((message) => message.client_id === clientId);
  if (known) return { status: 200, json: known };
  const message = host.store.append(thread, person, String(body['body']), { client_id: clientId });
  host.publish(thread, { type: 'message', message });
  return { status: 201, json: message };
}

function read(call: Call): Answer {
  const thread = seen(call);
  if (!thread) return NOT_FOUND;
  const seq = Math.max(Number(call.body['seq']), thread.reads.get(call.person.id) ?? 0);
  thread.reads.set(call.person.id, seq);
  return { status: 200, json: { user_id: call.person.id, seq, at: new Date().toISOString() } };
}

function directory({ host, person, query }: Call): Answer {
  const q = (query.get('q') ?? '').toLowerCase();
  const results = host.store.people
    .filter((one) => one.tenant === person.tenant && one.name.toLowerCase().includes(q))
    .map(({ id, name, role }) => ({ id, name, role }));
  return { status: 200, json: { results, next: null } };
}

const ID = '([0-9a-f-]{36})';
const ROUTES: [RegExp, (call: Call) => Answer, 'open'?][] = [
  [/^\/api\/chat\/token\/$/, token, 'open'],
  [/^\/api\/chat\/token\/refresh\/$/, refreshToken, 'open'],
  [/^\/api\/chat\/token\/revoke\/$/, revoke, 'open'],
  [/^\/api\/chat\/me\/$/, me],
  [/^\/api\/chat\/threads\/$/, (call) => (call.method === 'POST' ? createThread(call) : listThreads(call))],
  [new RegExp(`^/api/chat/threads/${ID}/$`), oneThread],
  [new RegExp(`^/api/chat/threads/${ID}/participants/$`), participants],
  [new RegExp(`^/api/chat/threads/${ID}/participants/${ID}/$`), removeParticipant],
  [new RegExp(`^/api/chat/threads/${ID}/messages/$`), messages],
  [new RegExp(`^/api/chat/threads/${ID}/read/$`), read],
  [/^\/api\/chat\/users\/directory\/$/, directory],
];

/** Answer one request; false when the path is not the mock's. */
export async function answerHttp(
  host: MockHttpHost,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<boolean> {
  const url = new URL(request.url ?? '/', 'http://mock');
  if (!url.pathname.startsWith('/api/')) return false;
  const body = await readJson(request);
  const answer = route(host, request, url, body);
  const type = answer.status >= 400 ? 'application/problem+json' : 'application/json';
  response.writeHead(answer.status, { 'Content-Type': type });
  response.end(answer.json === undefined ? undefined : JSON.stringify(answer.json));
  return true;
}

function route(host: MockHttpHost, request: IncomingMessage, url: URL, body: Record<string, unknown>): Answer {
  for (const [pattern, handler, open] of ROUTES) {
    const match = pattern.exec(url.pathname);
    if (!match) continue;
    const access = (request.headers.authorization ?? '').replace(/^Bearer /, '');
    const person = holderOf(host.tokens, access);
    if (!person && !open) return refused(401, 'invalid_token', 'Sign in again.');
    const call = { host, person: person as Person, method: request.method ?? 'GET', params: match.slice(1), query: url.searchParams, body };
    return handler(call);
  }
  return refused(404, 'not_found', 'No such path.');
}

function seen(call: Call): StoredThread | null {
  const thread = call.host.store.threads.get(call.params[0] ?? '');
  return call.host.store.sees(call.person, thread) ? thread : null;
}

function sayAs(call: Call, thread: StoredThread, body: string): void {
  const message = call.host.store.append(thread, call.person, body, { kind: 'system' });
  call.host.publish(thread, { type: 'message', message });
  call.host.publishThread(thread, 'updated');
}

async function readJson(request: IncomingMessage): Promise<Record<string, unknown>> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text ? (JSON.parse(text) as Record<string, unknown>) : {};
}
