// Who takes part. Analysts add people from the directory and remove them.

import { Button, Group, Stack, Text } from '@mantine/core';
import type { Participant, Thread } from '@wardroom/client/types';
import { useState } from 'react';
import { usePresence } from '../../../shared/presence/use-presence.ts';
import { mayManage, useSession } from '../../../shared/session/use-session.ts';
import { Face } from '../../../shared/ui/Face.tsx';
import { ErrorNote } from '../../../shared/ui/Notes.tsx';
import { PRESENCE_WORDS, ROLE_WORDS } from '../../../shared/words.ts';
import { useChangeParticipants } from '../api/use-change-participants.ts';
import { AddParticipant } from './AddParticipant.tsx';

export function ParticipantsPanel({ thread }: { thread: Thread }) {
  const { me } = useSession();
  const change = useChangeParticipants(thread.id);
  const people = thread.participants ?? [];
  const manage = mayManage(me.role);
  return (
    <section aria-labelledby="participants-title">
      <Stack gap="sm">
        <Text id="participants-title" component="h3" fw={600} m={0}>
          Participants ({people.length})
        </Text>
        {people.length === 0 && <Text c="var(--wr-dim)">Nobody has been added. Analysts see every thread of the tenant.</Text>}
        <ul className="wr-people" aria-labelledby="participants-title">
          {people.map((person) => (
            <Person key={person.user_id} person={person} isMe={person.user_id === me.id} busy={change.isPending}
              {...(manage && { onRemove: () => change.mutate({ userId: person.user_id, change: 'remove' }) })} />
          ))}
        </ul>
        {manage && (
          <AddParticipant present={people} busy={change.isPending}
            onAdd={(userId) => change.mutate({ userId, change: 'add' })} />
        )}
        {change.error && <ErrorNote error={change.error} />}
      </Stack>
    </section>
  );
}

interface PersonProps {
  person: Participant;
  isMe: boolean;
  busy: boolean;
  onRemove?: () => void;
}

function Person({ person, isMe, busy, onRemove }: PersonProps) {
  const [asked, setAsked] = useState(false);
  const presence = usePresence(person.user_id);
  return (
    <li>
      <Face userId={person.user_id} name={person.name} />
      <span className="wr-person">
        {person.name}
        {isMe && ' (you)'}
        <span className="wr-dim">
          {' '}
          {ROLE_WORDS[person.role]}
          {presence && `, ${PRESENCE_WORDS[presence]}`}
        </span>
      </span>
      {onRemove && !asked && (
        <Button size="compact-xs" variant="subtle" disabled={busy} onClick={() => setAsked(true)}
          aria-label={`Remove ${person.name}`}>
          Remove
        </Button>
      )}
      {onRemove && asked && (
        <Group gap={4} wrap="nowrap">
          <Button size="compact-xs" color="red" loading={busy} onClick={onRemove} autoFocus
            aria-label={`Yes, remove ${person.name}`}>
            Yes, remove
          </Button>
          <Button size="compact-xs" variant="default" onClick={() => setAsked(false)}>
            Keep
          </Button>
        </Group>
      )}
    </li>
  );
}
