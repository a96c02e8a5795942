// What the tests of this package share: a mock with two people and a thread, and a client of it.

import { WebSocket } from 'ws';
import { expect, onTestFinished, vi } from 'vitest';
import type { ConnectionOptions, WebSocketLike } from '../src/connection.ts';
import { HttpClient } from '../src/http-client.ts';
import { LiveSocket } from '../src/live-socket.ts';
import { MockWardroom } from './mock-wardroom.ts';

export async function startMock() {
  const mock = new MockWardroom();
  const baseUrl = await mock.listen();
  onTestFinished(() => mock.close());
  const ana = mock.store.addPerson('acme', 'ana', 'analyst', 'Ana Lyst');
  const mel = mock.store.addPerson('acme', 'mel', 'member', 'Mel Member');
  const thread = mock.store.addThread(mel, 'Beacon on LAB-7');
  return { mock, baseUrl, ana, mel, thread };
}

export async function signIn(baseUrl: string, username: string): Promise<HttpClient> {
  const http = new HttpClient({ baseUrl });
  await http.signIn({ username, password: 'secret' });
  return http;
}

export function connect(
  baseUrl: string,
  http: HttpClient,
  options: Partial<ConnectionOptions> = {},
) {
  const live = new LiveSocket({
    url: `${baseUrl.replace('http', 'ws')}/ws/chat/`,
    tokens: http.tokens,
    webSocket: (url, protocols) => new WebSocket(url, protocols) as unknown as WebSocketLike,
    backoff: { baseMs: 20, capMs: 60 },
    ...options,
  });
  onTestFinished(() => live.stop());
  const seqs: number[] = [];
  const states: string[] = [];
  live.on('message', (message) => seqs.push(message.seq));
  live.on('state', (state) => states.push(state));
  live.start();
  return { live, seqs, states };
}

/** Wait until the condition holds; fails with its last complaint at the deadline. */
export function until(condition: () => void): Promise<void> {
  return vi.waitFor(condition, { timeout: 8_000, interval: 10 });
}

export function online(live: LiveSocket): Promise<void> {
  return until(() => expect(live.state).toBe('online'));
}

/** Cut every connection and wait until the client is back: it may be back before one could look. */
export async function reconnected(live: LiveSocket, cut: () => void): Promise<void> {
  const gone = new Promise<void>((resolve) => {
    live.on('state', (state) => {
      if (state !== 'online') resolve();
    });
  });
  cut();
  await gone;
  await online(live);
}
