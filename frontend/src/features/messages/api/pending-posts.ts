// What I have written and the server has not confirmed, per thread. It outlives the view of the
// thread, so that leaving and coming back finds a failed message where it was; and the session,
// so that what was under way when it ended is sent, with the same ref, after signing in again.
// Next: use-pending-posts.ts

import type { LiveSocket } from '@wardroom/client/live-socket';
import { Problem } from '@wardroom/client/problem';
import type { Kept, PendingPost } from '../../../shared/kept.ts';
import { refusalWords } from '../../../shared/words.ts';

const NONE: PendingPost[] = [];

export class PendingPosts {
  private readonly byThread: Map<string, PendingPost[]>;
  private readonly listeners = new Set<() => void>();
  private readonly live: LiveSocket;
  /** The session has ended: a rejection is no word about the post. */
  private over = false;

  constructor(live: LiveSocket, kept: Kept) {
    this.live = live;
    this.byThread = kept.postsByThread;
    live.on('ended', () => {
      this.over = true;
    });
    for (const post of [...this.byThread.values()].flat()) if (post.state === 'sending') this.send(post);
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  of(threadId: string): PendingPost[] {
    return this.byThread.get(threadId) ?? NONE;
  }

  /** `corrects`: the message of mine that this one puts right. */
  post(threadId: string, body: string, corrects?: number): void {
    const post: PendingPost = {
      ref: crypto.randomUUID(),
      threadId,
      body,
      writtenAt: new Date().toISOString(),
      state: 'sending',
      ...(corrects !== undefined && { corrects }),
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
    const { ref, threadId, body, corrects } = post;
    this.live.post({ ref, thread_id: threadId, body, ...(corrects !== undefined && { corrects }) }).then(
      ({ seq }) => this.update({ ...post, state: 'acked', seq }),
      (error: unknown) => {
        if (this.over || isStop(error)) return;
        this.update({ ...post, state: 'failed', advice: refusalWords(error) });
      },
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

/** The socket was closed for good, with the session. */
function isStop(error: unknown): boolean {
  return error instanceof Problem && error.code === 'stopped';
}

const stores = new WeakMap<LiveSocket, PendingPosts>();

export function pendingPostsOf(live: LiveSocket, kept: Kept): PendingPosts {
  let store = stores.get(live);
  if (!store) {
    store = new PendingPosts(live, kept);
    stores.set(live, store);
  }
  return store;
}
