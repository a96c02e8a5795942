// The proxy does what its weather says.

import { createServer, connect, type Server, type Socket } from 'node:net';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Proxy } from './proxy.ts';

let folder = '';
let echo: Server;
let proxy: Proxy;
const open: Socket[] = [];

/** A client of the echo server, through the proxy. */
function client(): { socket: Socket; heard: () => string; ended: Promise<string> } {
  const socket = connect({ port: proxy.port, host: '127.0.0.1' });
  open.push(socket);
  let heard = '';
  socket.on('data', (chunk) => (heard += chunk.toString()));
  const ended = new Promise<string>((resolve) => {
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'error'));
    socket.on('close', () => resolve('closed'));
  });
  return { socket, heard: () => heard, ended };
}

async function until(condition: () => boolean): Promise<number> {
  const begin = performance.now();
  const deadline = begin + 5000;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error('waited in vain');
    await new Promise((resume) => setTimeout(resume, 2));
  }
  return performance.now() - begin;
}

beforeEach(async () => {
  echo = createServer((socket) => {
    open.push(socket);
    socket.on('error', () => undefined);
    socket.pipe(socket);
  });
  await new Promise<void>((resolve) => echo.listen({ port: 0, host: '127.0.0.1' }, resolve));
  const { port } = echo.address() as { port: number };
  proxy = await Proxy.start({ port: 0 }, { port });
  folder = mkdtempSync(`${tmpdir()}/wardroom-proxy-`);
});

afterEach(async () => {
  await proxy.stop();
  for (const socket of open.splice(0)) socket.destroy();
  await new Promise<void>((resolve) => echo.close(() => resolve()));
  rmSync(folder, { recursive: true });
});

describe('the proxy', () => {
  test('passes bytes both ways, and the end of them', async () => {
    const one = client();
    one.socket.end('good day');
    expect(await one.ended).toBe('closed');
    expect(one.heard()).toBe('good day');
  });

  test('delays each direction by its own weather', async () => {
    proxy.up.delayMs = 60;
    proxy.down.delayMs = 90;
    const one = client();
    one.socket.write('x');
    const tookMs = await until(() => one.heard() === 'x');
    expect(tookMs).toBeGreaterThan(145);
  });

  test('keeps a direction to its rate', async () => {
    proxy.down.bytesPerSecond = 100_000;
    const one = client();
    one.socket.write(Buffer.alloc(30_000, 'x'));
    const tookMs = await until(() => one.heard().length === 30_000);
    expect(tookMs).toBeGreaterThan(250);
  });

  test('cuts a connection after so many bytes, once', async () => {
    proxy.up.cutAfterBytes = 5;
    const one = client();
    one.socket.write('hello world');
    expect(await one.ended).toBe('ECONNRESET');
    const two = client();
    two.socket.write('hello world');
    await until(() => two.heard() === 'hello world');
  });

  test('holds everything in a black hole and lets it through afterwards', async () => {
    const one = client();
    one.socket.write('a');
    await until(() => one.heard() === 'a');
    proxy.set({ blackHole: true });
    one.socket.write('b');
    const two = client();
    two.socket.write('c');
    await until(() => proxy.connections === 2);
    const since = performance.now();
    await until(() => performance.now() - since > 100);
    expect([one.heard(), two.heard()]).toEqual(['a', '']);
    proxy.heal();
    await until(() => one.heard() === 'ab' && two.heard() === 'c');
  });

  test('resets every connection', async () => {
    const one = client();
    one.socket.write('a');
    await until(() => one.heard() === 'a');
    proxy.reset();
    expect(await one.ended).toBe('ECONNRESET');
  });

  test('makes a sender wait whose reader is slow', async () => {
    proxy.up.blackHole = true;
    const one = client();
    const block = Buffer.alloc(64 * 1024, 'x');
    let written = 0;
    while (one.socket.write(block) && written < 1000) written += 1;
    await until(() => one.socket.writableLength > 0);
    expect(one.socket.writableNeedDrain).toBe(true);
  });

  test('ends the client when there is nobody behind it', async () => {
    const nobody = await Proxy.start({ path: `${folder}/in` }, { path: `${folder}/nobody` });
    const socket = connect({ path: `${folder}/in` });
    const ended = new Promise((resolve) => socket.on('close', resolve));
    socket.on('error', () => undefined);
    await ended;
    await nobody.stop();
  });

  test('sees a forbidden word that passes in the clear', async () => {
    proxy.forbidden = [Buffer.from('canary')];
    const one = client();
    one.socket.write('a canary sings');
    await until(() => one.heard() === 'a canary sings');
    expect(proxy.sightings).toBe(2);
  });
});
