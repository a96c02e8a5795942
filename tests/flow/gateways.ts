// Sockets on a gateway of one's choice, and what only an administrator may do.
//
// All gateways share one port, and the kernel deals out the connections: whoever wants a certain
// gateway looks which process took its connection, and tries again until it is the right one.
// Next: live.test.ts

import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { request } from 'node:https';
import type { Socket } from 'node:net';
import { dirname } from 'node:path';
import type { WebSocketLike } from '@wardroom/client/connection';
import type { ServerEvent } from '@wardroom/client/events';
import type { HttpClient } from '@wardroom/client/http-client';
import { LiveSocket } from '@wardroom/client/live-socket';
import { onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { command, programs, state, until, url, type Program } from './suite.ts';

const TRIES_MAX = 60; // of two gateways: all wrong once in 2^60

/** Asked for once, and again when one of them has died. */
let known: Promise<Program[]> | undefined;

async function living(): Promise<Program[]> {
  const list = (await known) ?? [];
  if (list.length > 0 && list.every(({ pid }) => existsSync(`/proc/${pid}`))) return list;
  known = programs();
  return known;
}

/** The program at the other end of a connection of ours; '' when it is gone. */
export async function programOf(socket: Socket): Promise<string> {
  const hex = (port: number | undefined) => (port ?? 0).toString(16).toUpperCase().padStart(4, '0');
  const rows = ['/proc/net/tcp', '/proc/net/tcp6']
    .flatMap((path) => readFileSync(path, 'utf8').split('\n'))
    .map((line) => line.trim().split(/\s+/));
  const row = rows.find(
    (cells) =>
      cells[1]?.endsWith(`:${hex(socket.remotePort)}`) && cells[2]?.endsWith(`:${hex(socket.localPort)}`),
  );
  const target = `socket:[${row?.[9]}]`;
  const owner = (await living()).find(({ pid }) => descriptors(pid).includes(target));
  return owner?.name ?? '';
}

function descriptors(pid: number): string[] {
  const folder = `/proc/${pid}/fd`;
  const link = (name: string) => {
    try {
      return readlinkSync(`${folder}/${name}`);
    } catch {
      return ''; // closed in between
    }
  };
  try {
    return readdirSync(folder).map(link);
  } catch {
    return [];
  }
}

export interface Tab {
  live: LiveSocket;
  /** Every event of the server, as it came. */
  events: ServerEvent[];
  gateway: () => Promise<string>;
}

/** A client that keeps whatever it is sent; closed when the test ends. */
export function openTab(http: HttpClient): Tab {
  const events: ServerEvent[] = [];
  let socket: WebSocket | undefined;
  const live = new LiveSocket({
    url: `${url.replace('http', 'ws')}/ws/chat/`,
    tokens: http.tokens,
    webSocket: (address, protocols) => {
      const opened = new WebSocket(address, protocols);
      opened.on('message', (data) => events.push(...(JSON.parse(String(data)) as ServerEvent[])));
      socket = opened;
      return opened as unknown as WebSocketLike;
    },
    backoff: { baseMs: 50, capMs: 500 },
  });
  onTestFinished(() => live.stop());
  live.start();
  const gateway = async () => {
    const raw = (socket as unknown as { _socket?: Socket } | undefined)?._socket;
    return raw ? programOf(raw) : '';
  };
  return { live, events, gateway };
}

export async function tabOn(gateway: string, http: HttpClient): Promise<Tab> {
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    const tab = openTab(http);
    await until(() => {
      if (tab.live.state !== 'online') throw new Error('not online yet');
    });
    if ((await tab.gateway()) === gateway) return tab;
    tab.live.stop();
  }
  throw new Error(`no connection came to ${gateway}`);
}

/** A request over a connection of its own: its status, and which gateway answered. */
export function askAlone(path: string, token: string): Promise<{ status: number; gateway: string }> {
  return new Promise((resolve, reject) => {
    const asked = request(
      `${url}${path}`,
      { agent: false, headers: { Authorization: `Bearer ${token}`, Connection: 'keep-alive' } },
      (answer) => {
        void programOf(answer.socket).then((gateway) => {
          answer.destroy();
          resolve({ status: answer.statusCode ?? 0, gateway });
        }, reject);
      },
    );
    asked.on('error', reject);
    asked.end();
  });
}

/** `wardroomctl call`, as the administrator on the machine. */
export async function adminCall(rpc: string, json: unknown): Promise<unknown> {
  const auth = (await programs()).find(({ name }) => name === 'auth-1');
  const tool = `${dirname(readlinkSync(`/proc/${auth?.pid}/exe`))}/wardroomctl`;
  const { code, out } = await command(tool, ['call', rpc, JSON.stringify(json)], {
    WARDROOM_TRUST_DIR: `${state}/trust`,
    WARDROOM_AUTH_ENDPOINT: `dir:${state}/run/discovery/auth`,
    WARDROOM_INSTALL: readFileSync(`${state}/install`, 'utf8').trim(),
  });
  if (code !== 0) throw new Error(`${rpc}: ${out}`);
  return JSON.parse(out);
}
