// A client of the live socket that keeps nothing back: every request ends in an ack, an error, the
// end of its connection, or it hung. It opens again whenever it is closed, subscribes again behind
// what it has seen, and sends nothing twice by itself; load.ts decides what to send again.
//
// Not @wardroom/client: its outbox would hide what became of each single request.
// Next: load.ts

import type { AckEvent, ErrorEvent, ServerEvent } from '@wardroom/client/events';
import { WebSocket } from 'ws';
import type { Account } from './account.ts';
import { saw, type Ack, type Journal, type Sighting } from './journal.ts';
import { rest } from './programs.ts';

export type Outcome =
  | { kind: 'ack'; ack: Ack }
  | { kind: 'error'; code: string }
  | { kind: 'closed' }
  | { kind: 'hung' };

/** The server gives a request 10 s; a busy machine may need a little more to say so. */
export const DEADLINE_MS = 12_000;
const PING_EVERY_MS = 1_000;
/** Without a word, not even a pong: nobody is there. */
const SILENT_MS = 4_000;
const AGAIN_AFTER_MS = 60;
const OPEN_WITHIN_MS = 3_000;

/** Refusals that pass; others a well-behaved client never gets. */
const PASSING = new Set(['unavailable', 'overloaded', 'rate_limited', 'deadline_exceeded']);
/** 1000 and 1005 are ours; 1006: no word of parting; 4408: what a slow consumer is told. */
const FAIR_CLOSES = new Set([1000, 1001, 1005, 1006, 4408]);

interface Waiting {
  resolve: (outcome: Outcome) => void;
  timer: ReturnType<typeof setTimeout>;
}

interface Subscription {
  journal: Journal;
  sighting: Sighting;
}

export class Socket {
  readonly name: string;
  /** Words that no frame to this client may hold. */
  forbidden: string[] = [];
  sightingsOfForbidden = 0;
  /** Told that it fell behind. */
  resyncs = 0;
  /** Where surprises go; the journal of the thread under way. */
  journal: Journal | null = null;
  private readonly url: () => string;
  private readonly account: Account;
  private readonly waiting = new Map<string, Waiting[]>();
  private readonly subscriptions = new Map<string, Subscription>();
  private socket: WebSocket | null = null;
  private isOpen = false;
  private isWanted = true;
  private heardMs = 0;
  private readonly pinger: ReturnType<typeof setInterval>;

  constructor(name: string, account: Account, url: () => string) {
    this.name = name;
    this.account = account;
    this.url = url;
    this.pinger = setInterval(() => this.look(), PING_EVERY_MS);
    void this.dial();
  }

  get opened(): boolean {
    return this.isOpen;
  }

  /** Post once, on the connection that is open now. */
  post(threadId: string, ref: string, body: string): Promise<Outcome> {
    if (!this.isOpen) return Promise.resolve({ kind: 'closed' });
    return new Promise((resolve) => {
      const waiting: Waiting = {
        resolve,
        timer: setTimeout(() => this.settle(ref, { kind: 'hung' }), DEADLINE_MS),
      };
      const known = this.waiting.get(ref);
      if (known) known.push(waiting);
      else this.waiting.set(ref, [waiting]);
      this.send({ op: 'post', ref, thread_id: threadId, body });
    });
  }

  /** Follow the thread from its beginning, over every connection to come. */
  subscribe(journal: Journal): Sighting {
    const sighting = journal.watch(this.name);
    this.journal = journal;
    this.subscriptions.set(journal.threadId, { journal, sighting });
    this.ask(journal.threadId);
    return sighting;
  }

  /** Ask for a thread that must be refused; the answer counts as a leak when it is not. */
  async trespass(threadId: string): Promise<string> {
    if (!this.isOpen) return 'closed';
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.settle(threadId, { kind: 'hung' }), DEADLINE_MS);
      this.waiting.set(threadId, [
        { timer, resolve: (outcome) => resolve(outcome.kind === 'error' ? outcome.code : outcome.kind) },
      ]);
      this.send({ op: 'subscribe', thread_id: threadId, after_seq: 0 });
    });
  }

  unsubscribe(threadId: string): void {
    if (this.subscriptions.delete(threadId)) this.send({ op: 'unsubscribe', thread_id: threadId });
  }

  /** Stop taking frames, as a laptop whose lid was closed does; take them again. */
  pause(): void {
    this.socket?.pause();
  }

  resume(): void {
    this.socket?.resume();
  }

  close(): void {
    this.isWanted = false;
    clearInterval(this.pinger);
    this.socket?.close(1000);
    this.socket?.terminate();
    this.lost();
  }

  private async dial(): Promise<void> {
    const token = await this.account.token().catch(() => '');
    if (!this.isWanted) return;
    if (!token) return this.dialLater();
    const socket = new WebSocket(this.url(), ['wardroom.v1', `bearer.${token}`], {
      handshakeTimeout: OPEN_WITHIN_MS,
      perMessageDeflate: false,
    });
    this.socket = socket;
    socket.on('open', () => this.open());
    socket.on('message', (data) => this.received(String(data)));
    socket.on('unexpected-response', (_, answer) => {
      if (answer.statusCode === 401) this.surprise('401 before the upgrade');
      socket.terminate();
    });
    socket.on('error', () => undefined); // a close always follows
    socket.on('close', (code) => {
      if (!FAIR_CLOSES.has(code)) this.surprise(`closed with ${code}`);
      if (this.socket === socket) this.lost();
    });
  }

  private dialLater(): void {
    if (this.isWanted) void rest(AGAIN_AFTER_MS).then(() => this.dial());
  }

  private open(): void {
    this.isOpen = true;
    this.heardMs = performance.now();
    for (const threadId of this.subscriptions.keys()) this.ask(threadId);
  }

  /** The connection is gone: that is the answer to everything asked on it. */
  private lost(): void {
    this.isOpen = false;
    this.socket = null;
    for (const ref of [...this.waiting.keys()]) {
      while (this.settle(ref, { kind: 'closed' }));
    }
    this.dialLater();
  }

  private look(): void {
    if (!this.isOpen || !this.socket || this.socket.isPaused) return;
    if (performance.now() - this.heardMs > SILENT_MS) this.socket.terminate();
    else this.send({ op: 'ping' });
  }

  private send(command: object): void {
    if (this.isOpen) this.socket?.send(JSON.stringify(command));
  }

  private ask(threadId: string): void {
    const subscription = this.subscriptions.get(threadId);
    if (!subscription) return;
    const afterSeq = subscription.sighting.messages.at(-1)?.seq ?? 0;
    this.send({ op: 'subscribe', thread_id: threadId, after_seq: afterSeq });
  }

  private received(text: string): void {
    this.heardMs = performance.now();
    for (const word of this.forbidden) if (text.includes(word)) this.sightingsOfForbidden += 1;
    for (const event of JSON.parse(text) as ServerEvent[]) this.take(event);
  }

  private take(event: ServerEvent): void {
    switch (event.type) {
      case 'ack':
        return this.acked(event);
      case 'error':
        return this.refused(event);
      case 'message': {
        const subscription = this.subscriptions.get(event.message.thread_id);
        if (subscription) saw(subscription.sighting, event.message);
        return;
      }
      case 'resync':
        this.resyncs += 1;
        return this.ask(event.thread_id);
      case 'subscribed':
        this.settle(event.thread_id, { kind: 'ack', ack: { seq: event.last_seq, hash: '', created_at: '' } });
        return;
      case 'expiring':
        void this.account.token(true).then((token) => this.send({ op: 'authenticate', token }));
        return;
    }
  }

  private acked({ ref, seq, hash, created_at }: AckEvent): void {
    this.settle(ref, { kind: 'ack', ack: { seq, hash, created_at } });
  }

  private refused({ ref, thread_id, code }: ErrorEvent): void {
    if (ref) {
      this.settle(ref, { kind: 'error', code });
    } else if (thread_id && this.settle(thread_id, { kind: 'error', code })) {
      return;
    } else if (thread_id && this.subscriptions.has(thread_id)) {
      void rest(AGAIN_AFTER_MS).then(() => this.ask(thread_id));
    }
    if (!PASSING.has(code)) this.surprise(`refused with ${code}`);
  }

  private surprise(words: string): void {
    this.journal?.surprises.push(`${this.name}: ${words}`);
  }

  /** Answer the oldest request of this ref; false when there is none. */
  private settle(ref: string, outcome: Outcome): boolean {
    const waiting = this.waiting.get(ref)?.shift();
    if (this.waiting.get(ref)?.length === 0) this.waiting.delete(ref);
    if (!waiting) return false;
    clearTimeout(waiting.timer);
    waiting.resolve(outcome);
    return true;
  }
}
