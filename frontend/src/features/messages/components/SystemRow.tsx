// What was done in the thread, folded away to one line when there is more than one.

import type { Message } from '@wardroom/client/types';
import { Time } from '../../../shared/ui/Time.tsx';
import { clockTime } from '../../../shared/words.ts';
import { HashButton } from './HashButton.tsx';

export function SystemRow({ messages }: { messages: Message[] }) {
  const last = messages.at(-1);
  if (!last) return null;
  if (messages.length === 1) return <SystemLine message={last} />;
  return (
    <details className="wr-fold">
      <summary>
        {messages.length} changes, last: {last.body}
      </summary>
      {messages.map((message) => (
        <SystemLine key={message.seq} message={message} />
      ))}
    </details>
  );
}

function SystemLine({ message }: { message: Message }) {
  return (
    <div className="wr-system">
      <Time at={message.created_at} format={clockTime} />
      <span>{message.body}</span>
      <HashButton seq={message.seq} hash={message.hash} />
    </div>
  );
}
