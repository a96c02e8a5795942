// An independent journal of what was acknowledged, and the judge of what is there afterwards. Shares
// no code with the server. Next: kills.test.ts

import type { Message } from '@wardroom/client/types';
import { expect } from 'vitest';

export interface Acked {
  seq: number;
  hash: string;
}

export class Journal {
  readonly sent = new Set<string>();
  readonly acked = new Map<string, Acked>();

  /** Body of a new post; unique, so that a doubled row shows. */
  next(sender: number): string {
    const body = `sender ${sender} post ${this.sent.size} ${crypto.randomUUID()}`;
    this.sent.add(body);
    return body;
  }

  /** Every acked post stored once with its seq and hash, seqs dense from 1, nothing unheard of. */
  judge(stored: Message[]): void {
    expect(stored.map(({ seq }) => seq)).toEqual(stored.map((_, i) => i + 1));
    const posts = stored.filter(({ kind }) => kind === 'text');
    const byBody = new Map(posts.map((message) => [message.body, message]));
    expect(byBody.size, 'a body is stored twice').toBe(posts.length);
    for (const [body, ack] of this.acked) {
      expect(byBody.get(body), `acked and lost: ${body}`).toMatchObject({ seq: ack.seq, hash: ack.hash });
    }
    for (const { body } of posts) expect(this.sent.has(body), `never sent: ${body}`).toBe(true);
  }
}

/** A small seeded generator (mulberry32): the same seed gives the same run of choices. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
