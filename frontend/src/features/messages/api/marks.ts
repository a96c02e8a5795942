// What later messages say about earlier ones: corrected by which, acknowledged by whom. Both come
// after what they point at, so a message that is loaded has all of its marks loaded too.

import type { Author, Message } from '@wardroom/client/types';

export interface Acknowledgement {
  seq: number;
  author: Author;
  at: string;
}

export interface Marks {
  correctedBy: number[];
  acknowledged: Acknowledgement[];
}

/** By the seq of the message that is marked. */
export function marksOf(messages: Message[]): Map<number, Marks> {
  const marks = new Map<number, Marks>();
  const at = (seq: number) => {
    const known = marks.get(seq) ?? { correctedBy: [], acknowledged: [] };
    marks.set(seq, known);
    return known;
  };
  for (const message of messages) {
    if (message.corrects) at(message.corrects).correctedBy.push(message.seq);
    if (message.kind === 'acknowledgement' && message.reply_to) {
      const { seq, author, created_at } = message;
      at(message.reply_to).acknowledged.push({ seq, author, at: created_at });
    }
  }
  return marks;
}

const ACKNOWLEDGEABLE: Message['kind'][] = ['text', 'question', 'answer', 'correction'];

/** Mine need no receipt from me, and one receipt is enough. */
export function mayAcknowledge(message: Message, marks: Marks | undefined, myId: string): boolean {
  if (message.author.id === myId || !ACKNOWLEDGEABLE.includes(message.kind)) return false;
  return !marks?.acknowledged.some(({ author }) => author.id === myId);
}

export function mayCorrect(message: Message, myId: string): boolean {
  return message.author.id === myId && !message.erased && (message.kind === 'text' || message.kind === 'correction');
}

/** My newest words, for the shortcut. */
export function lastToCorrect(messages: Message[], myId: string): Message | undefined {
  return messages.findLast((message) => mayCorrect(message, myId));
}
