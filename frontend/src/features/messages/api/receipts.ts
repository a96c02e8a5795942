// Who has read how far, and at which message that is shown. Marks only ever grow.
// Next: use-receipts.ts

import type { Message, Receipt } from '@wardroom/client/types';
import { isShownWhole } from './timeline.ts';

export type Receipts = Map<string, Receipt>;

export function receiptsOf(list: Receipt[]): Receipts {
  return list.reduce(withReceipt, new Map() as Receipts);
}

/** The same map when the mark is no news. */
export function withReceipt(receipts: Receipts, next: Receipt): Receipts {
  const known = receipts.get(next.user_id);
  if (known && known.seq >= next.seq) return receipts;
  const { user_id, seq, at } = next;
  return new Map(receipts).set(user_id, { user_id, seq, at });
}

/** For each message, those whose newest read message it is. Who reads their own words is no news;
 * small lines (system, acknowledgement) carry no mark, the message before them does. */
export function readHere(messages: Message[], receipts: Receipts, myId: string): Map<number, Receipt[]> {
  const here = new Map<number, Receipt[]>();
  for (const receipt of receipts.values()) {
    if (receipt.user_id === myId) continue;
    const newest = messages.findLast(({ seq, kind }) => seq <= receipt.seq && isShownWhole(kind));
    if (!newest || newest.author.id === receipt.user_id) continue;
    here.set(newest.seq, [...(here.get(newest.seq) ?? []), receipt]);
  }
  return here;
}

/** My newest message and everybody else who has read it: "Seen by 2". */
export function seenOwn(messages: Message[], receipts: Receipts, myId: string): { seq: number; by: Receipt[] } | null {
  const own = messages.findLast(({ author, kind }) => author.id === myId && isShownWhole(kind));
  if (!own) return null;
  const by = [...receipts.values()].filter(({ user_id, seq }) => user_id !== myId && seq >= own.seq);
  return by.length > 0 ? { seq: own.seq, by } : null;
}


/** Names of everybody the page knows from the thread. Who reads along without taking part and has
 * not written is not among them: that is somebody of the SOC, for clients see only their threads. */
export function namesOf(people: { id: string; name: string }[]): (userId: string) => string | null {
  const names = new Map(people.map(({ id, name }) => [id, name]));
  return (userId) => names.get(userId) ?? null;
}
