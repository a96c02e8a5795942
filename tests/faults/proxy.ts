// A proxy to stand between any two parts of a suite: TCP or a unix socket in, the same out.
//
// Each direction has a weather of its own: bytes that take long, come slowly, stop at a black hole
// or are cut after so many. A black hole holds what it was given and lets it through when it ends,
// as TCP does when a line comes back; whoever wants it lost resets the connections. With
// `forbidden` words it looks into what passes, for links on which everything is to be sealed.
// Next: wiring.ts

import { createServer, connect, type Server, type Socket } from 'node:net';
import { rmSync } from 'node:fs';

/** A port on 127.0.0.1, or the path of a unix socket. */
export type Address = { port: number } | { path: string };

export interface Weather {
  delayMs: number;
  /** 0: as fast as it goes. */
  bytesPerSecond: number;
  /** The connection is reset once so many more bytes went through, on any connection. */
  cutAfterBytes: number;
  blackHole: boolean;
}

export const FAIR: Readonly<Weather> = {
  delayMs: 0,
  bytesPerSecond: 0,
  cutAfterBytes: Number.POSITIVE_INFINITY,
  blackHole: false,
};

/** What one direction of one connection may hold before its sender is made to wait. */
const HELD_BYTES_MAX = 256 * 1024;
/** While a black hole lasts: how often a direction looks whether it is over. */
const LOOK_EVERY_MS = 10;

/** One direction of one connection. */
class Pipe {
  private readonly held: { chunk: Buffer | null; dueMs: number }[] = [];
  private heldBytes = 0;
  private freeAtMs = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly from: Socket;
  private readonly to: Socket;
  private readonly weather: Weather;
  private readonly onCut: () => void;
  private readonly onBytes: (chunk: Buffer) => void;

  constructor(from: Socket, to: Socket, weather: Weather, onBytes: (chunk: Buffer) => void, onCut: () => void) {
    this.from = from;
    this.to = to;
    this.weather = weather;
    this.onBytes = onBytes;
    this.onCut = onCut;
    from.on('data', (chunk: Buffer) => this.take(chunk));
    from.on('end', () => this.take(null));
    to.on('drain', () => this.give());
    from.on('close', () => clearTimeout(this.timer));
  }

  /** null is the end of what this side has to say. */
  private take(chunk: Buffer | null): void {
    const { delayMs, bytesPerSecond } = this.weather;
    const now = performance.now();
    let dueMs = now + delayMs;
    if (chunk) {
      this.onBytes(chunk);
      this.heldBytes += chunk.length;
      if (bytesPerSecond > 0) {
        this.freeAtMs = Math.max(this.freeAtMs, now) + (chunk.length / bytesPerSecond) * 1000;
        dueMs = Math.max(dueMs, this.freeAtMs);
      }
    }
    this.held.push({ chunk, dueMs });
    if (this.heldBytes > HELD_BYTES_MAX) this.from.pause();
    this.give();
  }

  private give(): void {
    clearTimeout(this.timer);
    for (;;) {
      const first = this.held[0];
      if (!first) return;
      const waitMs = this.weather.blackHole ? LOOK_EVERY_MS : first.dueMs - performance.now();
      if (waitMs > 0) {
        this.timer = setTimeout(() => this.give(), waitMs);
        return;
      }
      if (this.to.writableNeedDrain) return;
      this.held.shift();
      if (!first.chunk) {
        this.to.end();
        return;
      }
      if (!this.pass(first.chunk)) return;
    }
  }

  private pass(chunk: Buffer): boolean {
    this.heldBytes -= chunk.length;
    if (this.heldBytes <= HELD_BYTES_MAX && this.from.isPaused()) this.from.resume();
    if (chunk.length < this.weather.cutAfterBytes) {
      this.weather.cutAfterBytes -= chunk.length;
      this.to.write(chunk);
      return true;
    }
    this.to.write(chunk.subarray(0, this.weather.cutAfterBytes));
    this.weather.cutAfterBytes = Number.POSITIVE_INFINITY;
    this.onCut();
    return false;
  }
}

interface Pair {
  client: Socket;
  server: Socket;
}

export class Proxy {
  /** From who connects to who is connected to, and back. */
  readonly up: Weather = { ...FAIR };
  readonly down: Weather = { ...FAIR };
  /** Words that must never pass in the clear, and how often one did. */
  forbidden: Buffer[] = [];
  sightings = 0;
  connections = 0;
  private readonly pairs = new Set<Pair>();
  private readonly server: Server;
  private readonly listenOn: Address;
  private readonly target: Address;

  private constructor(listenOn: Address, target: Address) {
    this.listenOn = listenOn;
    this.target = target;
    this.server = createServer({ allowHalfOpen: true }, (client) => this.accept(client));
  }

  static async start(listenOn: Address, target: Address): Promise<Proxy> {
    const proxy = new Proxy(listenOn, target);
    if ('path' in listenOn) rmSync(listenOn.path, { force: true });
    await new Promise<void>((resolve, reject) => {
      proxy.server.once('error', reject);
      const options = 'path' in listenOn ? listenOn : { ...listenOn, host: '127.0.0.1' };
      proxy.server.listen(options, resolve);
    });
    return proxy;
  }

  get port(): number {
    const address = this.server.address();
    return address && typeof address === 'object' ? address.port : 0;
  }

  set(weather: Partial<Weather>): void {
    Object.assign(this.up, weather);
    Object.assign(this.down, weather);
  }

  /** Fair weather; what was held goes through. */
  heal(): void {
    this.set(FAIR);
  }

  /** End every connection at once; over TCP by a reset. */
  reset(): void {
    for (const pair of [...this.pairs]) this.cut(pair);
  }

  async stop(): Promise<void> {
    this.reset();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
    if ('path' in this.listenOn) rmSync(this.listenOn.path, { force: true });
  }

  private accept(client: Socket): void {
    const where = 'path' in this.target ? this.target : { ...this.target, host: '127.0.0.1' };
    const server = connect({ ...where, allowHalfOpen: true });
    const pair = { client, server };
    this.connections += 1;
    this.pairs.add(pair);
    for (const socket of [client, server]) {
      if ('port' in this.target) socket.setNoDelay(true);
      socket.on('error', () => this.cut(pair));
      socket.on('close', () => this.closed(pair));
    }
    const cut = () => this.cut(pair);
    const look = (chunk: Buffer) => this.look(chunk);
    new Pipe(client, server, this.up, look, cut);
    new Pipe(server, client, this.down, look, cut);
  }

  private look(chunk: Buffer): void {
    for (const word of this.forbidden) if (chunk.includes(word)) this.sightings += 1;
  }

  private cut(pair: Pair): void {
    this.pairs.delete(pair);
    for (const socket of [pair.client, pair.server]) {
      if ('port' in this.target) socket.resetAndDestroy();
      else socket.destroy();
    }
  }

  /** A side that is gone takes the other with it, unless what it said is still on its way. */
  private closed(pair: Pair): void {
    if (pair.client.destroyed && pair.server.destroyed) this.pairs.delete(pair);
    else if (pair.client.errored || pair.server.errored) this.cut(pair);
    else if (pair.client.destroyed) pair.server.end();
    else pair.client.end();
  }
}

/** A port that is free now, below 32768: above it a client may be given the port of its server. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    const probe = createServer();
    const free = await new Promise<boolean>((resolve) => {
      probe.once('error', () => resolve(false));
      probe.listen({ port, host: '127.0.0.1' }, () => resolve(true));
    });
    await new Promise<void>((resolve) => (free ? probe.close(() => resolve()) : resolve()));
    if (free) return port;
  }
}
