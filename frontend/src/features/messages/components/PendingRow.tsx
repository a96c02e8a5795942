import { Button } from '@mantine/core';
import type { PendingPost } from '../../../shared/kept.ts';
import { useSession } from '../../../shared/session/use-session.ts';
import { Time } from '../../../shared/ui/Time.tsx';
import { clockTime, ROLE_WORDS } from '../../../shared/words.ts';
import type { PendingPosts } from '../api/pending-posts.ts';
import { SeqLink } from './SeqLink.tsx';

/** A message of mine that is not confirmed yet, or was refused. */
export function PendingRow({ post, store }: { post: PendingPost; store: PendingPosts }) {
  const { me } = useSession();
  const failed = post.state === 'failed';
  return (
    <article className="wr-message" data-own data-pending={!failed || undefined} data-failed={failed || undefined}
      aria-label={failed ? 'Message not sent' : 'Message being sent'}>
      <header className="wr-message-head">
        <span className="wr-author">{me.name}</span>
        <span className="wr-dim">{ROLE_WORDS[me.role]}</span>
        <span className="wr-dim">
          <Time at={post.writtenAt} format={clockTime} />
        </span>
        {post.corrects !== undefined && (
          <span className="wr-dim">
            corrects <SeqLink seq={post.corrects} />
          </span>
        )}
        <span className="wr-dim wr-push">{failed ? 'Not sent' : post.state === 'acked' ? 'Recorded' : 'Sending…'}</span>
      </header>
      <p className="wr-body">{post.body}</p>
      {failed && (
        <div className="wr-failed" role="alert">
          <span>{post.advice}</span>
          <Button size="compact-xs" onClick={() => store.retry(post)}>
            Send again
          </Button>
          <Button size="compact-xs" variant="default" onClick={() => store.settle(post.ref)}>
            Discard
          </Button>
        </div>
      )}
    </article>
  );
}
