// What I have written and the server has not confirmed, per thread. It outlives the view of the
// thread, so that leaving and coming back finds a failed message where it was.
// Next: use-pending-posts.ts

import type { LiveSocket } from '@wardroom/client/live-socket';
import { adviceFor } from '../../../shared/words.ts';

export interface PendingPost {
  ref: string;
  threadId: string;
  body: string;
  writtenAt: string;
  /** `acked`: committed, its own message event is still on the way. */
  state: 'sending' | 'acked' | 'failed';
  advice?: string;
  /** Its place in the thread, once acked. */
  seq?: number;
}

const NONE: PendingPost[] = [];

export class PendingPosts {
  private readonly byThread = new Map<string, PendingPost[]>();
  private readonly listeners = new Set<() => void>();
  private readonly live: LiveSocket;

  constructor(live: LiveSocket) {
    this.live = live;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  of(threadId: string): PendingPost[] {
    return this.byThread.get(threadId) ?? NONE;
  }

  post(threadId: string, body: string): void {
    const post: PendingPost = {
      ref: crypto.randomUUID(),
      threadId,
      body,
      writtenAt: new Date().toISOString(),
      state: 'sending',
    };
    this.replace(threadId, [...this.of(threadId), post]);
    this.send(post);
  }

  /** The same ref again: had the first try been written after all, it is not written twice. */
  retry(post: PendingPost): void {
    const again: PendingPost = { ...post, state: 'sending' };
    delete again.advice;
    this.update(again);
    this.send(again);
  }

  /** The message itself has arrived, or its writer gave it up. */
  settle(ref: string): void {
    for (const [threadId, posts] of this.byThread) {
      if (posts.some((post) => post.ref === ref)) {
        this.replace(threadId, posts.filter((post) => post.ref !== ref));
      }
    }
  }

  private send(post: PendingPost): void {
    const { ref, threadId, body } = post;
    this.live.post({ ref, thread_id: threadId, body }).then(
      ({ seq }) => this.update({ ...post, state: 'acked', seq }),
      (error: unknown) => this.update({ ...post, state: 'failed', advice: adviceFor(error) }),
    );
  }

  private update(post: PendingPost): void {
    const posts = this.of(post.threadId);
    this.replace(post.threadId, posts.map((one) => (one.ref === post.ref ? post : one)));
  }

  private replace(threadId: string, posts: PendingPost[]): void {
    this.byThread.set(threadId, posts);
    for (const listener of [...this.listeners]) listener();
  }
}

const stores = new WeakMap<LiveSocket, PendingPosts>();

export function pendingPostsOf(live: LiveSocket): PendingPosts {
  let store = stores.get(live);
  if (!store) {
    store = new PendingPosts(live);
    stores.set(live, store);
  }
  return store;
}
