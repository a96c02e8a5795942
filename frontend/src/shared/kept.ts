// What somebody has typed and the server does not have yet: drafts, and posts without an ack.
//
// It outlives the end of a session, so that signing in again finds it, and belongs to one person,
// so that the next one at this page does not. In memory only: what is written about an incident
// is not left on the disk. Signing out on purpose forgets it.

export interface PendingPost {
  ref: string;
  threadId: string;
  body: string;
  /** The message of mine that this one corrects. */
  corrects?: number;
  writtenAt: string;
  /** `acked`: committed, its own message event is still on the way. */
  state: 'sending' | 'acked' | 'failed';
  advice?: string;
  /** Its place in the thread, once acked. */
  seq?: number;
}

export interface Kept {
  /** By box: a thread, or a thread and the seq that is corrected. */
  drafts: Map<string, string>;
  postsByThread: Map<string, PendingPost[]>;
}

const byPerson = new Map<string, Kept>();

export function keptFor(personId: string): Kept {
  let kept = byPerson.get(personId);
  if (!kept) {
    kept = { drafts: new Map(), postsByThread: new Map() };
    byPerson.set(personId, kept);
  }
  return kept;
}

export function forgetKept(personId: string): void {
  byPerson.delete(personId);
}
