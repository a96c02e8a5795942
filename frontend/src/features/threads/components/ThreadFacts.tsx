// What a thread is, and for analysts the means to change it. Every change is recorded.

import { Button, NativeSelect, Stack, Text } from '@mantine/core';
import type { Severity, Thread, ThreadPatch, Tlp, WaitingOn } from '@wardroom/client/types';
import { ThreadChips } from '../../../shared/ui/Chips.tsx';
import { ErrorNote } from '../../../shared/ui/Notes.tsx';
import { mayManage, useSession } from '../../../shared/session/use-session.ts';
import { options, SEVERITY_WORDS, TLP_WORDS } from '../../../shared/words.ts';
import { usePatchThread } from '../api/use-patch-thread.ts';

const WAITING_OPTIONS = [
  { value: '', label: 'Nobody' },
  { value: 'soc', label: 'The SOC' },
  { value: 'client', label: 'The client' },
];

export function ThreadFacts({ thread }: { thread: Thread }) {
  const { me } = useSession();
  return (
    <section aria-labelledby="facts-title">
      <Stack gap="sm">
        <Text id="facts-title" component="h3" fw={600} m={0}>
          Thread
        </Text>
        {thread.incident?.id && <Text size="sm">Incident {thread.incident.id}</Text>}
        {mayManage(me.role) ? <Controls thread={thread} /> : <ThreadChips thread={thread} />}
      </Stack>
    </section>
  );
}

function Controls({ thread }: { thread: Thread }) {
  const patch = usePatchThread(thread.id);
  const change = (next: ThreadPatch) => patch.mutate(next);
  const open = thread.status === 'open';
  const waiting = WAITING_OPTIONS.find(({ value }) => value === thread.waiting_on)?.value ?? '';
  const unset = { value: '', label: 'Not set', disabled: true };
  return (
    <Stack gap="sm">
      <NativeSelect label="Severity" value={thread.severity ?? ''} disabled={patch.isPending}
        data={[...(thread.severity ? [] : [unset]), ...options(SEVERITY_WORDS)]}
        onChange={(event) => change({ severity: event.currentTarget.value as Severity })} />
      <NativeSelect label="TLP" value={thread.tlp ?? ''} disabled={patch.isPending}
        data={[...(thread.tlp ? [] : [unset]), ...options(TLP_WORDS)]}
        onChange={(event) => change({ tlp: event.currentTarget.value as Tlp })} />
      <NativeSelect label="Waiting on" value={waiting} disabled={patch.isPending} data={WAITING_OPTIONS}
        onChange={(event) => change({ waiting_on: (event.currentTarget.value || null) as WaitingOn | null })} />
      <Button variant="default" loading={patch.isPending} onClick={() => change({ status: open ? 'closed' : 'open' })}>
        {open ? 'Close this thread' : 'Reopen this thread'}
      </Button>
      {patch.error && <ErrorNote error={patch.error} />}
    </Stack>
  );
}
