// Posts that the server has not acknowledged yet.
//
// Every post carries a UUID (`ref`). Until its ack arrives it stays here and is sent again, with
// the same ref, after a reconnect, after a passing refusal, or when the ack is overdue; the
// server answers a repeat with the first ack, so nothing is written twice.
// Next: frame-pacer.ts

import type { AckEvent, ErrorEvent, PostCommand } from './events.ts';
import { isPassingCode, Problem } from './problem.ts';

/** An ack is a commit away, usually milliseconds; after this long the post is sent again. */
const ACK_OVERDUE_MS = 8_000;
/** Passing refusals (too many requests, unavailable) are retried after this, doubled each time. */
const RETRY_BASE_MS = 500;
const RETRY_CAP_MS = 15_000;

interface Entry {
  command: PostCommand;
  resolve: (ack: AckEvent) => void;
  reject: (problem: Problem) => void;
  refusals: number;
  timer: ReturnType<typeof setTimeout> | undefined;
}

export class Outbox {
  private readonly entries = new Map<string, Entry>();
  private readonly send: (command: PostCommand) => boolean;

  /** `send` returns false when there is no connection; the post then waits for `flush`. */
  constructor(send: (command: PostCommand) => boolean) {
    this.send = send;
  }

  get size(): number {
    return this.entries.size;
  }

  /** Resolves with the ack, however many connections it takes; rejects with a Problem when the
   * server refuses the post for good, or when `fail` or `discard` gives it up. */
  post(command: PostCommand): Promise<AckEvent> {
    if (this.entries.has(command.ref)) {
      return Promise.reject(new Problem(409, { code: 'conflict', detail: 'This post is under way already.' }));
    }
    return new Promise((resolve, reject) => {
      const entry: Entry = { command, resolve, reject, refusals: 0, timer: undefined };
      this.entries.set(command.ref, entry);
      this.attempt(entry);
    });
  }

  /** A connection is there: everything unacknowledged goes out again, in the order of posting. */
  flush(): void {
    for (const entry of this.entries.values()) this.attempt(entry);
  }

  /** The connection is gone: stop the clocks, keep the posts. */
  pause(): void {
    for (const entry of this.entries.values()) clearTimeout(entry.timer);
  }

  acknowledge(ack: AckEvent): void {
    this.take(ack.ref)?.resolve(ack);
  }

  /** Returns false when the error belongs to no post of ours. */
  refuse(error: ErrorEvent): boolean {
    const entry = error.ref === undefined ? undefined : this.entries.get(error.ref);
    if (!entry) return false;
    if (isPassingCode(error.code)) {
      const waitMs = Math.min(RETRY_CAP_MS, RETRY_BASE_MS * 2 ** entry.refusals);
      entry.refusals += 1;
      this.armTimer(entry, waitMs);
    } else {
      this.take(entry.command.ref)?.reject(new Problem(400, { code: error.code, detail: error.detail }));
    }
    return true;
  }

  /** Give up one post. It may still have been written: the answer may only have been lost. */
  discard(ref: string): void {
    this.take(ref)?.reject(new Problem(0, { code: 'discarded', detail: 'The message was discarded.' }));
  }

  fail(problem: Problem): void {
    for (const ref of [...this.entries.keys()]) this.take(ref)?.reject(problem);
  }

  private attempt(entry: Entry): void {
    if (this.send(entry.command)) this.armTimer(entry, ACK_OVERDUE_MS);
  }

  private armTimer(entry: Entry, waitMs: number): void {
    clearTimeout(entry.timer);
    entry.timer = setTimeout(() => this.attempt(entry), waitMs);
  }

  private take(ref: string): Entry | undefined {
    const entry = this.entries.get(ref);
    if (entry) clearTimeout(entry.timer);
    this.entries.delete(ref);
    return entry;
  }
}
