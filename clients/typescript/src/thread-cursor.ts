// Where a subscriber stands in one thread.
//
// Messages leave here in the order of their seq, each once. What comes early waits; what comes
// twice is dropped; a hole is reported, and the caller subscribes again from `last`.
// Next: outbox.ts

import type { Message } from './types.ts';

/** Messages that came early and wait for the hole to be filled. Beyond this they are dropped:
 * the subscription that fills the hole brings them again. 512 x 16 KiB = 8 MiB. */
const WAITING_MAX = 512;

export interface Arrival {
  /** Messages now in order, ready for the listener. */
  ready: Message[];
  /** True when this message came before one it should follow. */
  gap: boolean;
}

export class ThreadCursor {
  readonly threadId: string;
  private lastSeq: number | null;
  private readonly waiting = new Map<number, Message>();

  /** `lastSeq` null: start with whatever the server calls its last. */
  constructor(threadId: string, lastSeq: number | null) {
    this.threadId = threadId;
    this.lastSeq = lastSeq;
  }

  /** The last seq handed out, null before the first answer of a subscription without a start. */
  get last(): number | null {
    return this.lastSeq;
  }

  /** The server confirmed the subscription; it replays after our `last`, then goes live. */
  begin(serverLastSeq: number): void {
    this.lastSeq ??= serverLastSeq;
  }

  take(message: Message): Arrival {
    this.lastSeq ??= message.seq - 1;
    if (message.seq <= this.lastSeq) return { ready: [], gap: false };
    if (message.seq > this.lastSeq + 1) {
      if (this.waiting.size < WAITING_MAX) this.waiting.set(message.seq, message);
      return { ready: [], gap: true };
    }
    const ready = [message];
    this.lastSeq = message.seq;
    for (;;) {
      const next = this.waiting.get(this.lastSeq + 1);
      if (!next) break;
      this.waiting.delete(next.seq);
      ready.push(next);
      this.lastSeq = next.seq;
    }
    for (const seq of this.waiting.keys()) if (seq <= this.lastSeq) this.waiting.delete(seq);
    return { ready, gap: false };
  }
}
