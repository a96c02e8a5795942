// One message: who, in which role, when, what, its hash in the evidence log, and what was said
// about it later: corrected, acknowledged, read.

import type { Message } from '@wardroom/client/types';
import { memo } from 'react';
import { Time } from '../../../shared/ui/Time.tsx';
import { clockTime, momentWords, ROLE_WORDS } from '../../../shared/words.ts';
import type { Marks } from '../api/marks.ts';
import type { NameOf, Readers } from '../api/use-readers.ts';
import { Attachment } from './Attachment.tsx';
import { HashButton } from './HashButton.tsx';
import { MessageActions } from './MessageActions.tsx';
import { SeenBy } from './SeenBy.tsx';
import { SeqLink } from './SeqLink.tsx';

const KIND_WORDS: Partial<Record<Message['kind'], string>> = {
  question: 'Question',
  answer: 'Answer',
};

interface Props {
  message: Message;
  own: boolean;
  marks: Marks | undefined;
  readers: Readers | undefined;
  nameOf: NameOf;
}

export const MessageRow = memo(function MessageRow({ message, own, marks, readers, nameOf }: Props) {
  const kind = KIND_WORDS[message.kind];
  return (
    <article className="wr-message" data-own={own || undefined} data-seq={message.seq} data-read-to={message.seq}
      tabIndex={-1} aria-label={`Message ${message.seq}`}>
      <header className="wr-message-head">
        <span className="wr-author">{message.author.name}</span>
        <span className="wr-dim">{ROLE_WORDS[message.author.role]}</span>
        <span className="wr-dim">
          <Time at={message.created_at} format={clockTime} />
        </span>
        {kind && <span className="wr-kind">{kind}</span>}
        <References message={message} marks={marks} />
        <span className="wr-message-tools">
          <MessageActions message={message} marks={marks} />
          {readers && <SeenBy readers={readers} nameOf={nameOf} />}
          <HashButton seq={message.seq} hash={message.hash} />
        </span>
      </header>
      <Body message={message} />
      {message.attachments?.map((file) => <Attachment key={file.id} file={file} />)}
      {marks && marks.acknowledged.length > 0 && <Acknowledged marks={marks} />}
    </article>
  );
});

/** What this points at, and what points at this. The words that were corrected stay as they are. */
function References({ message, marks }: { message: Message; marks: Marks | undefined }) {
  const points = message.corrects || message.reply_to;
  return (
    <>
      {points ? (
        <span className={message.corrects ? 'wr-kind' : 'wr-dim'}>
          {message.corrects ? 'corrects' : 'replies to'} <SeqLink seq={points} />
        </span>
      ) : null}
      {marks && marks.correctedBy.length > 0 && (
        <span className="wr-corrected">
          corrected by{' '}
          {marks.correctedBy.map((seq) => (
            <SeqLink key={seq} seq={seq} />
          ))}
        </span>
      )}
    </>
  );
}

function Acknowledged({ marks }: { marks: Marks }) {
  return (
    <p className="wr-acknowledged">
      <span aria-hidden="true">✓ </span>
      Acknowledged by{' '}
      {marks.acknowledged.map(({ seq, author, at }, index) => (
        <span key={seq}>
          {index > 0 && ', '}
          {author.name} <Time at={at} format={momentWords} />
        </span>
      ))}
    </p>
  );
}

function Body({ message }: { message: Message }) {
  if (message.erased) {
    return (
      <p className="wr-body wr-dim">
        Erased on {new Date(message.erased.at).toLocaleDateString()} under {message.erased.policy}. The hash stays in the
        record.
      </p>
    );
  }
  return <p className="wr-body">{message.body}</p>;
}
