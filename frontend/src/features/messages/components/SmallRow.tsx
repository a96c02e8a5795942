// What was done in the thread and who acknowledged what, folded away to one line when there is
// more than one.

import type { Message } from '@wardroom/client/types';
import { Time } from '../../../shared/ui/Time.tsx';
import { clockTime } from '../../../shared/words.ts';
import { HashButton } from './HashButton.tsx';
import { SeqLink } from './SeqLink.tsx';

export function SmallRow({ messages }: { messages: Message[] }) {
  const last = messages.at(-1);
  if (!last) return null;
  if (messages.length === 1) {
    return (
      <div data-read-to={last.seq}>
        <SmallLine message={last} />
      </div>
    );
  }
  return (
    <details className="wr-fold" data-read-to={last.seq}>
      <summary>
        {messages.length} {nounFor(messages)}, last: {smallWords(last)}
      </summary>
      {messages.map((message) => (
        <SmallLine key={message.seq} message={message} />
      ))}
    </details>
  );
}

/** The line as plain words, for the fold and for screen readers. */
export function smallWords(message: Message): string {
  if (message.kind !== 'acknowledgement') return message.body;
  return `${message.author.name} acknowledged #${message.reply_to ?? 0}`;
}

function nounFor(messages: Message[]): string {
  const acknowledged = messages.filter(({ kind }) => kind === 'acknowledgement').length;
  if (acknowledged === 0) return 'changes';
  return acknowledged === messages.length ? 'acknowledgements' : 'entries';
}

function SmallLine({ message }: { message: Message }) {
  return (
    <div className="wr-system" data-seq={message.seq} tabIndex={-1}>
      <Time at={message.created_at} format={clockTime} />
      {message.kind === 'acknowledgement' && message.reply_to ? (
        <span>
          <span aria-hidden="true">✓ </span>
          {message.author.name} acknowledged <SeqLink seq={message.reply_to} />
        </span>
      ) : (
        <span>{message.body}</span>
      )}
      <HashButton seq={message.seq} hash={message.hash} />
    </div>
  );
}
