// Keeps one WebSocket open for as long as it is wanted.
//
// Opens with a fresh token, renews the token on the open socket when the server says it is
// expiring, notices a dead peer by ping, and comes back after a loss with growing, jittered
// waits. It knows nothing of threads or posts; LiveSocket puts those on top.
// Next: live-socket.ts

import { Backoff, type BackoffOptions } from './backoff.ts';
import { Emitter } from './emitter.ts';
import { CLOSE, parseFrame, type ClientCommand, type ServerEvent } from './events.ts';
import { FramePacer } from './frame-pacer.ts';
import { Problem } from './problem.ts';

export type ConnectionState = 'connecting' | 'online' | 'offline';

/** The part of WebSocket that is used; the browser's and that of `ws` both fit. */
export interface WebSocketLike {
  onopen: ((event: never) => void) | null;
  onmessage: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
  send(data: string): void;
  close(code?: number, reason?: string): void;
}

/** TokenKeeper is one. */
export interface TokenSource {
  access(): Promise<string>;
  refresh(spent?: string): Promise<string>;
}

export interface ConnectionOptions {
  /** wss://host/ws/chat/ - the token never goes into it. */
  url: string;
  tokens: TokenSource;
  webSocket?: (url: string, protocols: string[]) => WebSocketLike;
  backoff?: Partial<BackoffOptions>;
  pingEveryMs?: number;
  pongWithinMs?: number;
  probeWithinMs?: number;
  openWithinMs?: number;
  framesPerSecond?: number;
}

interface ConnectionEvents {
  state: ConnectionState;
  event: ServerEvent;
  /** The session is over: signing in again is the only way on. */
  ended: Problem;
}

/** A connection that lived this long counts as good, and the waits start small again. */
const GOOD_LIFE_MS = 5_000;
/** After so many attempts that never opened, the token may be the reason: renew it. Not earlier: a
 * gateway that restarts refuses everybody once or twice, and renewing costs more than opening. */
const SUSPECT_TOKEN_AFTER = 4;

export class Connection extends Emitter<ConnectionEvents> {
  private readonly options: Required<Omit<ConnectionOptions, 'backoff'>>;
  private readonly backoff: Backoff;
  private socket: WebSocketLike | null = null;
  private pacer: FramePacer | null = null;
  private token = '';
  private wanted = false;
  private currentState: ConnectionState = 'offline';
  private openedAt = 0;
  private failedOpens = 0;
  private suspectToken = false;
  private retryTimer: ReturnType<typeof setTimeout> | undefined;
  private watchTimer: ReturnType<typeof setTimeout> | undefined;
  /** Counts attempts, so that an answer to an earlier one is recognised and dropped. */
  private generation = 0;

  constructor(options: ConnectionOptions) {
    super();
    this.options = {
      webSocket: (url, protocols) => new WebSocket(url, protocols) as unknown as WebSocketLike,
      pingEveryMs: 20_000,
      pongWithinMs: 10_000,
      probeWithinMs: 3_000,
      openWithinMs: 10_000,
      framesPerSecond: 45,
      ...options,
    };
    this.backoff = new Backoff({ baseMs: 1_000, capMs: 15_000, ...options.backoff });
  }

  get state(): ConnectionState {
    return this.currentState;
  }

  start(): void {
    if (this.wanted) return;
    this.wanted = true;
    void this.open();
  }

  stop(): void {
    this.wanted = false;
    this.generation += 1;
    clearTimeout(this.retryTimer);
    this.drop(1000, 'done');
    this.setState('offline');
  }

  /** Do not wait for the next attempt: the network is back, or somebody pressed the button. */
  retryNow(): void {
    if (!this.wanted || this.currentState !== 'offline') return;
    clearTimeout(this.retryTimer);
    void this.open();
  }

  /** Something hints that the network changed: ask for a sign of life now, and wait less long. */
  probe(): void {
    if (this.send({ op: 'ping' })) this.expectLife(this.options.probeWithinMs);
    else this.retryNow();
  }

  /** False when there is no open connection; nothing is kept for later. */
  send(command: ClientCommand): boolean {
    if (this.currentState !== 'online' || !this.pacer) return false;
    this.pacer.push(JSON.stringify(command));
    return true;
  }

  private async open(): Promise<void> {
    const generation = ++this.generation;
    this.setState('connecting');
    try {
      const { tokens } = this.options;
      this.token = this.suspectToken ? await tokens.refresh(this.token) : await tokens.access();
      this.suspectToken = false;
    } catch (error) {
      if (generation === this.generation) this.tokenFailed(error);
      return;
    }
    if (generation === this.generation) this.dial(generation);
  }

  private dial(generation: number): void {
    let socket: WebSocketLike;
    try {
      socket = this.options.webSocket(this.options.url, ['wardroom.v1', `bearer.${this.token}`]);
    } catch {
      this.lost(1006);
      return;
    }
    this.socket = socket;
    const current = () => generation === this.generation;
    this.watchTimer = setTimeout(() => current() && this.giveUp(), this.options.openWithinMs);
    socket.onopen = () => current() && this.opened(socket);
    socket.onmessage = (event: { data: unknown }) => current() && this.received(event.data);
    socket.onclose = (event: { code: number }) => current() && this.lost(event.code);
    socket.onerror = () => undefined; // a close always follows
  }

  private opened(socket: WebSocketLike): void {
    this.openedAt = Date.now();
    this.failedOpens = 0;
    this.pacer = new FramePacer((frame) => socket.send(frame), this.options.framesPerSecond);
    this.watch();
    this.setState('online');
  }

  private received(data: unknown): void {
    this.watch();
    let events: ServerEvent[];
    try {
      events = parseFrame(String(data));
    } catch {
      return; // one unreadable frame; a missing message shows as a gap and is asked for again
    }
    for (const event of events) {
      if (event.type === 'expiring') void this.renew();
      else this.emit('event', event);
    }
  }

  private async renew(): Promise<void> {
    const generation = this.generation;
    try {
      const token = await this.options.tokens.refresh(this.token);
      if (generation !== this.generation) return;
      this.token = token;
      this.send({ op: 'authenticate', token });
    } catch (error) {
      // Unreachable now: the server will close with 4401 and the reconnect tries again.
      if (generation === this.generation && isFinal(error)) this.end(error);
    }
  }

  /** Any frame proves life. Silence is answered by a ping, silence after that by giving up. */
  private watch(): void {
    clearTimeout(this.watchTimer);
    this.watchTimer = setTimeout(() => {
      this.send({ op: 'ping' });
      this.expectLife(this.options.pongWithinMs);
    }, this.options.pingEveryMs);
  }

  private expectLife(withinMs: number): void {
    clearTimeout(this.watchTimer);
    this.watchTimer = setTimeout(() => this.giveUp(), withinMs);
  }

  /** A dead peer never answers our close: do not wait for the event. */
  private giveUp(): void {
    this.generation += 1;
    this.lost(1006);
  }

  private lost(code: number): void {
    const opened = this.currentState === 'online';
    this.drop(1000, 'lost');
    if (!this.wanted) return;
    if (code === CLOSE.FORBIDDEN) {
      this.end(new Problem(403, { code: 'forbidden', detail: 'This account may not connect any more.' }));
      return;
    }
    if (opened && Date.now() - this.openedAt >= GOOD_LIFE_MS) this.backoff.reset();
    if (!opened) this.failedOpens += 1;
    this.suspectToken = code === CLOSE.TOKEN || (!opened && this.failedOpens % SUSPECT_TOKEN_AFTER === 0);
    this.retryLater();
  }

  private tokenFailed(error: unknown): void {
    if (isFinal(error)) this.end(error);
    else this.retryLater();
  }

  private retryLater(): void {
    this.setState('offline');
    if (!this.wanted) return; // whoever listened has stopped it
    clearTimeout(this.retryTimer);
    this.retryTimer = setTimeout(() => void this.open(), this.backoff.nextMs());
  }

  private end(problem: Problem): void {
    this.stop();
    this.emit('ended', problem);
  }

  private drop(code: number, reason: string): void {
    clearTimeout(this.watchTimer);
    this.pacer?.stop();
    this.pacer = null;
    const socket = this.socket;
    this.socket = null;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    try {
      socket.close(code, reason);
    } catch {
      // closed already
    }
  }

  private setState(state: ConnectionState): void {
    if (this.currentState === state) return;
    this.currentState = state;
    this.emit('state', state);
  }
}

/** The session is over, as opposed to: the server could not be asked. */
function isFinal(error: unknown): error is Problem {
  return error instanceof Problem && !error.retryable;
}
