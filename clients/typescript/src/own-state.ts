// What I tell of myself: at home or away, what I have read, where I am typing.
//
// None of it is acknowledged. Presence and late read marks are said again after a reconnect, so
// that they hold; typing is not, it would be over.
// Next: live-socket.ts

import type { ClientCommand } from './events.ts';

/** While somebody types, the others are told this often; the server forgets it after 6 s. */
const TYPING_AGAIN_MS = 3_000;
/** A mark sent this long before the connection broke may be lost: it is sent again. */
const MARK_DOUBTFUL_MS = 10_000;

interface Mark {
  seq: number;
  /** 0: not yet. */
  sentAt: number;
}

export class OwnState {
  private status: 'online' | 'away' = 'online';
  private readonly marks = new Map<string, Mark>();
  /** When each thread was last told that I type there. */
  private readonly typingSaid = new Map<string, number>();
  private lostAt = 0;

  constructor(private readonly send: (command: ClientCommand) => boolean) {}

  setPresence(status: 'online' | 'away'): void {
    if (this.status === status) return;
    this.status = status;
    this.send({ op: 'presence', status });
  }

  /** The highest counts; kept for the next connection when there is none. */
  read(threadId: string, seq: number): void {
    if (seq <= (this.marks.get(threadId)?.seq ?? 0)) return;
    this.marks.set(threadId, { seq, sentAt: this.sendMark(threadId, seq) });
  }

  /** Call it with every key stroke, and with false when the text is empty again. */
  typing(threadId: string, active: boolean): void {
    const saidAt = this.typingSaid.get(threadId);
    if (!active) {
      if (saidAt === undefined) return;
      this.typingSaid.delete(threadId);
      this.send({ op: 'typing', thread_id: threadId, active: false });
    } else if (saidAt === undefined || Date.now() - saidAt >= TYPING_AGAIN_MS) {
      if (this.send({ op: 'typing', thread_id: threadId, active: true })) {
        this.typingSaid.set(threadId, Date.now());
      }
    }
  }

  /** A post or the end of a subscription ends it on the server as well. */
  typingEnded(threadId: string): void {
    this.typingSaid.delete(threadId);
  }

  connected(): void {
    // A new socket is taken for online.
    if (this.status === 'away') this.send({ op: 'presence', status: 'away' });
    for (const [threadId, mark] of this.marks) {
      const isDoubtful = mark.sentAt === 0 || this.lostAt - mark.sentAt < MARK_DOUBTFUL_MS;
      if (isDoubtful) mark.sentAt = this.sendMark(threadId, mark.seq);
    }
  }

  disconnected(): void {
    this.lostAt = Date.now();
    this.typingSaid.clear();
  }

  private sendMark(threadId: string, seq: number): number {
    return this.send({ op: 'read', thread_id: threadId, seq }) ? Date.now() : 0;
  }
}
