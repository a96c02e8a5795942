// A small load that goes on until it is told to end, its journal, and the judge of what is there
// afterwards. Clients behave as they should: what passes by itself is tried again, anything else is
// an error. Shares no code with the server. Next: scale/replicas.test.ts

import type { HttpClient } from '@wardroom/client/http-client';
import { Problem } from '@wardroom/client/problem';
import type { Message, Thread } from '@wardroom/client/types';
import { request } from 'node:https';
import { expect } from 'vitest';
import { connect, history, unique, until, url } from './suite.ts';

/** The rest between two posts of one sender: 8 senders make at most 200 posts a second. */
const REST_MS = 40;
/** How long somebody who retries may be kept waiting while programs come and go. */
const PATIENCE_MS = 15_000;

/** Ask again while the answer is one that passes by itself, at most until the deadline. */
export async function patiently<Result>(ask: () => Promise<Result>): Promise<Result> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await ask();
    } catch (problem) {
      const passes = problem instanceof TypeError || (problem instanceof Problem && problem.retryable);
      if (!passes || Date.now() > deadline) throw problem;
      await new Promise((resume) => setTimeout(resume, REST_MS));
    }
  }
}

interface Acked {
  seq: number;
  hash: string;
}

export class Load {
  /** Body of every post, by thread. */
  readonly sent = new Map<string, Set<string>>();
  readonly acked = new Map<string, Acked>();
  longestMs = 0;
  private readonly senders: Promise<void>[] = [];
  private readonly threads: Thread[] = [];
  private readonly seen: Message[];
  private readonly auditor: HttpClient;
  private ended = false;

  private constructor(auditor: HttpClient) {
    this.auditor = auditor;
    const reader = connect(auditor);
    this.seen = reader.messages;
    this.subscribe = (thread) => reader.live.subscribe(thread.id, 0);
  }

  private readonly subscribe: (thread: Thread) => void;

  /** One sender over a live socket for each thread, one over HTTP for the first as well. */
  static async start(analyst: HttpClient, auditor: HttpClient, threads: number): Promise<Load> {
    const load = new Load(auditor);
    for (let i = 0; i < threads; i += 1) {
      const thread = await analyst.createThread({ title: unique(`load ${i}`) });
      const { live } = connect(analyst);
      load.subscribe(thread);
      load.threads.push(thread);
      load.sent.set(thread.id, new Set());
      load.keepPosting(thread, (body) => live.post({ thread_id: thread.id, body }));
      if (i > 0) continue;
      load.keepPosting(thread, (body) => {
        const post = { client_id: crypto.randomUUID(), body };
        return patiently(() => analyst.postMessage(thread.id, post));
      });
    }
    return load;
  }

  private keepPosting(thread: Thread, post: (body: string) => Promise<Acked>): void {
    const sent = this.sent.get(thread.id);
    const go = async () => {
      while (!this.ended) {
        const body = `post ${sent?.size} ${crypto.randomUUID()}`;
        const begin = Date.now();
        sent?.add(body);
        const { seq, hash } = await post(body);
        this.acked.set(body, { seq, hash });
        this.longestMs = Math.max(this.longestMs, Date.now() - begin);
        await new Promise((resume) => setTimeout(resume, REST_MS));
      }
    };
    const sender = go();
    sender.catch(() => (this.ended = true)); // told by end()
    this.senders.push(sender);
  }

  /** The load is alive: more is acked than now. */
  async goesOn(more = 50): Promise<void> {
    const before = this.acked.size;
    await until(() => {
      expect(this.ended, 'a sender got an error; end() says which').toBe(false);
      expect(this.acked.size).toBeGreaterThan(before + more);
    }, PATIENCE_MS);
  }

  /** Let the senders finish; then nothing may be lost, doubled, reordered, invented or unproven, and
   * the reader must have been handed exactly what is stored. */
  async end(): Promise<void> {
    this.ended = true;
    await Promise.all(this.senders);
    for (const thread of this.threads) await this.judge(thread);
  }

  private async judge(thread: Thread): Promise<void> {
    const sent = this.sent.get(thread.id) ?? new Set();
    const stored = await patiently(() => history(this.auditor, thread.id));
    const posts = stored.filter(({ kind }) => kind === 'text');
    expect(stored.map(({ seq }) => seq)).toEqual(stored.map((_, i) => i + 1));
    expect(new Set(posts.map(({ body }) => body)), 'a post is lost, doubled or was never sent').toEqual(sent);
    expect(posts).toHaveLength(sent.size);
    for (const message of posts) {
      expect(this.acked.get(message.body)).toEqual({ seq: message.seq, hash: message.hash });
    }
    const seen = () => this.seen.filter(({ thread_id }) => thread_id === thread.id);
    await until(() => expect(seen()).toEqual(stored), PATIENCE_MS);
    const verdict = await patiently(() => this.auditor.verify(thread.id));
    expect(verdict).toMatchObject({ ok: true, size: stored.length });
  }
}

/** What one gateway, met over a new connection, says of its parts. */
function readiness(): Promise<Record<string, { ready: boolean; replicas?: number }>> {
  return new Promise((resolve, reject) => {
    const asked = request(`${url}/readyz`, { agent: false }, (answer) => {
      let text = '';
      answer.on('data', (part: Buffer) => (text += part.toString()));
      answer.on('end', () => {
        const { parts } = JSON.parse(text) as { parts: Record<string, { ready: boolean }> };
        resolve(parts);
      });
    });
    asked.on('error', reject);
    asked.end();
  });
}

/** Sixteen connections in a row, so every gateway with luck, say that the service has so many. */
export async function discovered(service: string, replicas: number, withinMs = 5_000): Promise<void> {
  await until(async () => {
    for (let i = 0; i < 16; i += 1) {
      expect((await readiness())[service], service).toMatchObject({ replicas });
    }
  }, withinMs);
}
