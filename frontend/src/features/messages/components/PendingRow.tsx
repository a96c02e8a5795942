import { Button } from '@mantine/core';
import { useSession } from '../../../shared/session/use-session.ts';
import { Time } from '../../../shared/ui/Time.tsx';
import { clockTime, ROLE_WORDS } from '../../../shared/words.ts';
import type { PendingPost, PendingPosts } from '../api/pending-posts.ts';

/** A message of mine that is not confirmed yet, or was refused. */
export function PendingRow({ post, store }: { post: PendingPost; store: PendingPosts }) {
  const { me } = useSession();
  const failed = post.state === 'failed';
  return (
    <article className="wr-message" data-own data-pending={!failed || undefined} data-failed={failed || undefined}>
      <header className="wr-message-head">
        <span className="wr-author">{me.name}</span>
        <span className="wr-dim">{ROLE_WORDS[me.role]}</span>
        <span className="wr-dim">
          <Time at={post.writtenAt} format={clockTime} />
        </span>
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
