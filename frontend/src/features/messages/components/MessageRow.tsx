// One message: who, in which role, when, what, and its hash in the evidence log.

import { Button } from '@mantine/core';
import type { FileInfo, Message } from '@wardroom/client/types';
import { memo } from 'react';
import { Time } from '../../../shared/ui/Time.tsx';
import { clockTime, ROLE_WORDS, sizeWords } from '../../../shared/words.ts';
import { useDownload } from '../api/use-download.ts';
import { HashButton } from './HashButton.tsx';

const KIND_WORDS: Partial<Record<Message['kind'], string>> = {
  question: 'Question',
  answer: 'Answer',
  correction: 'Correction',
  acknowledgement: 'Acknowledgement',
};

export const MessageRow = memo(function MessageRow({ message, own }: { message: Message; own: boolean }) {
  const kind = KIND_WORDS[message.kind];
  const points = message.corrects || message.reply_to;
  return (
    <article className="wr-message" data-own={own || undefined} aria-label={`Message ${message.seq}`}>
      <header className="wr-message-head">
        <span className="wr-author">{message.author.name}</span>
        <span className="wr-dim">{ROLE_WORDS[message.author.role]}</span>
        <span className="wr-dim">
          <Time at={message.created_at} format={clockTime} />
        </span>
        {kind && <span className="wr-kind">{kind}</span>}
        {points ? <span className="wr-dim">{message.corrects ? 'corrects' : 'replies to'} #{points}</span> : null}
        <HashButton seq={message.seq} hash={message.hash} />
      </header>
      <Body message={message} />
      {message.attachments?.map((file) => <Attachment key={file.id} file={file} />)}
    </article>
  );
});

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

function Attachment({ file }: { file: FileInfo }) {
  const download = useDownload();
  return (
    <div className="wr-file">
      <span>
        {file.name} <span className="wr-dim">{sizeWords(file.size)}</span>
      </span>
      <Button size="compact-xs" variant="default" loading={download.isPending} onClick={() => download.mutate(file)}
        aria-label={`Download ${file.name}`}>
        Download
      </Button>
      {download.isError && <span role="alert">The download failed. Try again.</span>}
    </div>
  );
}
