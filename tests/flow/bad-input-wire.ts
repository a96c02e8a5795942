// Bytes as no client library would send them, the answers to them, and the counters they move.
// Next: bad-input-tokens.ts

import { readFileSync } from 'node:fs';
import { connect as connectTls } from 'node:tls';
import { expect } from 'vitest';
import { WebSocket } from 'ws';
import { programs, state, until, url } from './suite.ts';

const address = url ? new URL(url) : new URL('https://localhost');
const DEADLINE_MS = 15_000;

export interface Answer {
  /** 0: the peer hung up without a word. */
  status: number;
  headers: Record<string, string>;
  body: string;
  /** How many answers came on the connection, and whether it was closed after them. */
  count: number;
  ended: boolean;
}

function read(text: string, ended: boolean): Answer {
  const [head = '', ...rest] = text.split('\r\n\r\n');
  const [first = '', ...lines] = head.split('\r\n');
  const pairs = lines.map((line) => line.split(/:\s*(.*)/s));
  const headers = Object.fromEntries(pairs.map(([name, value]) => [name?.toLowerCase(), value]));
  const count = text.match(/HTTP\/1\.[01] \d{3} /g)?.length ?? 0;
  return { status: Number(first.split(' ')[1] ?? 0), headers, body: rest.join('\r\n\r\n'), count, ended };
}

function isWhole(text: string): boolean {
  const { status, headers, body } = read(text, false);
  return status === 101 || (status > 0 && Buffer.byteLength(body) >= Number(headers['content-length'] ?? NaN));
}

/** Send bytes, or pieces, each in a TLS record of its own, on a fresh connection; answers with the first answer, or, with `untilEnd`, when
 * the peer has hung up. */
export function ask(bytes: string | Buffer | Buffer[], untilEnd = false): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const socket = connectTls({ host: address.hostname, port: Number(address.port), servername: 'localhost' });
    let text = '';
    const finish = (ended: boolean) => {
      clearTimeout(deadline);
      socket.destroy();
      resolve(read(text, ended));
    };
    const deadline = setTimeout(() => {
      socket.destroy();
      reject(new Error(`no answer within the deadline, only: ${text.slice(0, 300)}`));
    }, DEADLINE_MS);
    socket.on('data', (data) => {
      text += data.toString('utf8');
      if (!untilEnd && isWhole(text)) finish(false);
    });
    socket.on('end', () => finish(true));
    socket.on('error', () => finish(true)); // a reset after the answer is an end, too
    for (const piece of Array.isArray(bytes) ? bytes : [bytes]) socket.write(piece);
  });
}

export interface Request {
  method?: string;
  path?: string;
  token?: string | undefined;
  /** Lines in addition to, or `null` instead of, what a correct request has. */
  headers?: Record<string, string | null>;
  body?: string | Buffer;
}

export function requestBytes({ method = 'GET', path = '/livez', token, headers = {}, body }: Request): Buffer {
  const lines: Record<string, string | null> = { Host: address.host };
  if (token !== undefined) lines['Authorization'] = `Bearer ${token}`;
  if (body !== undefined) {
    lines['Content-Type'] = 'application/json';
    lines['Content-Length'] = String(Buffer.byteLength(body));
  }
  const head = Object.entries({ ...lines, ...headers })
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.concat([
    Buffer.from(`${method} ${path} HTTP/1.1\r\n${head.join('')}\r\n`, 'latin1'),
    Buffer.from(body ?? ''),
  ]);
}

export const send = (request: Request, untilEnd = false) => ask(requestBytes(request), untilEnd);

export const upgradeHeaders = {
  Connection: 'Upgrade',
  Upgrade: 'websocket',
  'Sec-WebSocket-Version': '13',
  'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
};

/** The documented shape of a refusal, RFC 9457. */
export function expectProblem(answer: Answer, status: number, code: string): void {
  expect(`${answer.status} ${answer.body}`).toMatch(new RegExp(`^${status} .*"code":"${code}"`));
  expect(answer.headers['content-type']).toBe('application/problem+json');
  expect(answer.count, 'one request, one answer').toBe(1);
  expect(JSON.parse(answer.body)).toEqual({
    type: expect.stringContaining(code),
    title: expect.any(String),
    status,
    detail: expect.any(String),
    code,
    request_id: answer.headers['x-request-id'],
    errors: expect.any(Array),
  });
  if (status === 429 || status === 503) expect(answer.headers['retry-after']).toMatch(/^\d+$/);
}

/** What both gateways have refused for this reason, by their /metrics. */
export async function refused(reason: string): Promise<number> {
  const ports = readFileSync(`${state}/ports`, 'utf8').matchAll(/^gateway-\d+=(\d+)$/gm);
  let sum = 0;
  for (const [, port] of ports) {
    const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    const row = new RegExp(`^wardroom_gateway_refused_total\\{reason="${reason}"\\} (\\d+)$`, 'm');
    const value = row.exec(text)?.[1];
    if (value === undefined) throw new Error(`no counter of the reason ${reason}`);
    sum += Number(value);
  }
  return sum;
}

/** Run `act`, and see the counter of this reason move. */
export async function countedAs<T>(reason: string | undefined, act: () => Promise<T>): Promise<T> {
  if (!reason) return act();
  const before = await refused(reason);
  const result = await act();
  await until(async () => expect(await refused(reason), `counter ${reason}`).toBeGreaterThan(before));
  return result;
}

/** Who runs under which pid. */
export async function pidsNow(): Promise<Record<string, number>> {
  return Object.fromEntries((await programs()).map(({ name, pid }) => [name, pid]));
}

export interface LiveEvent {
  type: string;
  code?: string;
  detail?: string;
  [member: string]: unknown;
}

/** A WebSocket without any manners of its own. */
export class Wire {
  readonly events: LiveEvent[] = [];
  readonly closed: Promise<number>;
  readonly socket: WebSocket;

  constructor(token: string, path = '/ws/chat/') {
    this.socket = new WebSocket(`${url.replace('http', 'ws')}${path}`, ['wardroom.v1', `bearer.${token}`], {
      perMessageDeflate: false,
    });
    this.socket.on('message', (data: Buffer) =>
      this.events.push(...(JSON.parse(data.toString()) as LiveEvent[])),
    );
    this.closed = new Promise((resolve) => this.socket.on('close', resolve));
    this.socket.on('error', () => undefined); // what matters is the close code
  }

  async open(): Promise<this> {
    await until(() => expect(this.socket.readyState).toBe(WebSocket.OPEN));
    return this;
  }

  send(command: unknown): void {
    this.socket.send(typeof command === 'string' ? command : JSON.stringify(command));
  }

  /** The first event, not yet seen, that this is true of. */
  async next(wanted: (event: LiveEvent) => boolean): Promise<LiveEvent> {
    let found = -1;
    await until(() => {
      found = this.events.findIndex(wanted);
      expect(found, `among ${JSON.stringify(this.events)}`).toBeGreaterThanOrEqual(0);
    });
    return this.events.splice(found, 1)[0] as LiveEvent;
  }
}
