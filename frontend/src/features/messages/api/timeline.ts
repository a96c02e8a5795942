// The messages of one thread as far as they are loaded: a run of seqs without a hole, oldest
// first. Pure; the socket and the history both feed it.
// Next: use-timeline.ts

import type { Message } from '@wardroom/client/types';

export interface Timeline {
  messages: Message[];
  /** The first message of the thread is among them. */
  complete: boolean;
}

export function timelineOf(page: Message[]): Timeline {
  return withEarlier({ messages: [], complete: false }, page);
}

/** Put a page of history before what is there, whichever way round the page is ordered. */
export function withEarlier(timeline: Timeline, page: Message[]): Timeline {
  const first = timeline.messages[0]?.seq ?? Infinity;
  const earlier = page.filter((message) => message.seq < first).sort((a, b) => a.seq - b.seq);
  const messages = [...earlier, ...timeline.messages];
  return { messages, complete: earlier.length === 0 || (messages[0]?.seq ?? 0) <= 1 };
}

export function withLive(timeline: Timeline, message: Message): Timeline {
  if (message.seq <= lastSeq(timeline)) return timeline;
  return { messages: [...timeline.messages, message], complete: timeline.complete || message.seq === 1 };
}

export function lastSeq(timeline: Timeline): number {
  return timeline.messages.at(-1)?.seq ?? 0;
}

/** Not folded into a small line. */
export function isShownWhole(kind: Message['kind']): boolean {
  return kind !== 'system' && kind !== 'acknowledgement';
}

/** What the list shows, in order. `small`: what was done and who acknowledged, one line each. */
export type Row =
  | { type: 'day'; key: string; at: string }
  | { type: 'new'; key: string }
  | { type: 'message'; key: string; message: Message }
  | { type: 'small'; key: string; messages: Message[] };

/** Days are set apart, runs of small messages become one row, and the line "New" stands before
 * the first message after `newAfter` that somebody else wrote. */
export function rowsOf(messages: Message[], newAfter: number | null, myId: string): Row[] {
  const rows: Row[] = [];
  let day = '';
  let marked = newAfter === null;
  for (const message of messages) {
    const today = new Date(message.created_at).toDateString();
    if (today !== day) rows.push({ type: 'day', key: `day-${message.seq}`, at: message.created_at });
    day = today;
    if (!marked && message.seq > (newAfter ?? 0) && message.author.id !== myId) {
      rows.push({ type: 'new', key: 'new' });
      marked = true;
    }
    const before = rows.at(-1);
    if (isShownWhole(message.kind)) rows.push({ type: 'message', key: `m-${message.seq}`, message });
    else if (before?.type === 'small') before.messages.push(message);
    else rows.push({ type: 'small', key: `s-${message.seq}`, messages: [message] });
  }
  return rows;
}
