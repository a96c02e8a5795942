// An independent journal of one thread: what was sent, what was answered, what was seen. It knows
// nothing of the server; checker.ts judges it. Next: checker.ts

import type { Message } from '@wardroom/client/types';

export interface Sent {
  ref: string;
  author: string;
  body: string;
}

export interface Ack {
  seq: number;
  hash: string;
  created_at: string;
}

/** What one subscriber was handed, in the order it came, and where that broke the promise. */
export interface Sighting {
  who: string;
  messages: Message[];
  doubled: number;
  gaps: number;
}

export class Journal {
  readonly tenant: string;
  readonly threadId: string;
  /** Stands in every body of this thread; another tenant must never be sent it. */
  readonly canary: string;
  readonly sent = new Map<string, Sent>();
  /** Every ack of a ref: the first, and those of its repeats. */
  readonly acks = new Map<string, Ack[]>();
  readonly sightings: Sighting[] = [];
  /** Requests that got neither ack nor error nor close within their deadline. */
  hung = 0;
  /** Requests that got an error or a close, and were sent again. */
  retried = 0;
  /** Posts that were repeated although nothing was wrong. */
  repeated = 0;
  /** Words that went where they must not. */
  leaked = 0;
  /** What exactly was done to it, where the row's name does not say. */
  about = '';
  /** Answers that no client that keeps to the protocol may get. */
  readonly surprises: string[] = [];

  constructor(tenant: string, threadId: string, canary: string) {
    this.tenant = tenant;
    this.threadId = threadId;
    this.canary = canary;
  }

  /** A new post, unlike any other. */
  next(author: string, padding = 0): Sent {
    const ref = crypto.randomUUID();
    const body = `${this.canary} ${author} ${this.sent.size} ${ref}${padding > 0 ? ` ${'x'.repeat(padding)}` : ''}`;
    const sent = { ref, author, body };
    this.sent.set(ref, sent);
    return sent;
  }

  acked(ref: string, ack: Ack): void {
    const known = this.acks.get(ref);
    if (known) known.push(ack);
    else this.acks.set(ref, [ack]);
  }

  watch(who: string): Sighting {
    const sighting = { who, messages: [], doubled: 0, gaps: 0 };
    this.sightings.push(sighting);
    return sighting;
  }
}

/** A subscriber was handed a message: the protocol promises each once, in the order of seq. */
export function saw(sighting: Sighting, message: Message): void {
  const last = sighting.messages.at(-1)?.seq ?? 0;
  if (message.seq <= last) sighting.doubled += 1;
  else if (message.seq > last + 1) sighting.gaps += 1;
  if (message.seq > last) sighting.messages.push(message);
}
