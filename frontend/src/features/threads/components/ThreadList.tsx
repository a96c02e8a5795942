// The list on the left: filter, search, the threads, more of them.

import { Button, SegmentedControl, Skeleton, Stack, TextInput } from '@mantine/core';
import type { Thread, ThreadStatus } from '@wardroom/client/types';
import type { RefObject } from 'react';
import { EmptyNote, ErrorNote } from '../../../shared/ui/Notes.tsx';
import type { ThreadListState } from '../api/use-thread-list.ts';
import { ThreadRow } from './ThreadRow.tsx';

interface Props {
  list: ThreadListState;
  searchRef: RefObject<HTMLInputElement | null>;
  /** Absent for those who may not open threads. */
  onNew?: () => void;
}

export function ThreadList({ list, searchRef, onNew }: Props) {
  return (
    <nav className="wr-list" aria-label="Threads">
      <div className="wr-list-head">
        <div className="wr-list-bar">
          <SegmentedControl size="xs" value={list.status} aria-label="Which threads"
            onChange={(value) => list.setStatus(value as ThreadStatus)}
            data={[
              { value: 'open', label: 'Open' },
              { value: 'closed', label: 'Closed' },
            ]} />
          {onNew && (
            <Button size="xs" onClick={onNew}>
              New thread
            </Button>
          )}
        </div>
        <TextInput ref={searchRef} size="xs" type="search" aria-label="Search threads by title"
          placeholder="Search titles" value={list.search}
          onChange={(event) => list.setSearch(event.currentTarget.value)} />
      </div>
      <div className="wr-list-body">
        <Rows list={list} mayOpen={onNew !== undefined} />
      </div>
    </nav>
  );
}

function Rows({ list, mayOpen }: { list: ThreadListState; mayOpen: boolean }) {
  const { query, threads } = list;
  if (query.isPending) return <RowSkeletons />;
  if (query.isError && threads.length === 0) {
    return <ErrorNote error={query.error} onRetry={() => void query.refetch()} />;
  }
  if (threads.length === 0) return <NoThreads list={list} mayOpen={mayOpen} />;
  return (
    <>
      <ul className="wr-rows">
        {threads.map((thread: Thread) => (
          <li key={thread.id}>
            <ThreadRow thread={thread} />
          </li>
        ))}
      </ul>
      {query.hasNextPage && (
        <Button m="sm" size="xs" variant="default" loading={query.isFetchingNextPage}
          onClick={() => void query.fetchNextPage()}>
          More threads
        </Button>
      )}
    </>
  );
}

function NoThreads({ list, mayOpen }: { list: ThreadListState; mayOpen: boolean }) {
  if (list.search) {
    return <EmptyNote title="No match">No loaded thread has “{list.search}” in its title.</EmptyNote>;
  }
  if (list.status === 'closed') return <EmptyNote title="No closed threads">Closed threads stay readable here.</EmptyNote>;
  if (!mayOpen) return <EmptyNote title="No open threads">Threads appear here as they are opened.</EmptyNote>;
  return <EmptyNote title="No open threads">Start one with “New thread”; it appears here for everybody who takes part.</EmptyNote>;
}

function RowSkeletons() {
  return (
    <Stack gap="sm" p="sm" aria-busy="true" aria-label="Loading threads" role="status">
      {[0, 1, 2, 3, 4].map((row) => (
        <Skeleton key={row} height={48} radius="sm" />
      ))}
    </Stack>
  );
}
