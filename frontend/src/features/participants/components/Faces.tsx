// Who takes part and who of them is there, in the head of the thread; opens the details.

import { UnstyledButton } from '@mantine/core';
import type { Thread } from '@wardroom/client/types';
import { usePresences } from '../../../shared/presence/use-presence.ts';
import { Face, More } from '../../../shared/ui/Face.tsx';
import { PRESENCE_WORDS } from '../../../shared/words.ts';

/** Five rounds fit beside the marks of a thread at 360 px. */
const FACES_MAX = 5;

export function Faces({ thread, onOpen }: { thread: Thread; onOpen: () => void }) {
  const people = thread.participants ?? [];
  const presences = usePresences(people.map(({ user_id }) => user_id));
  if (people.length === 0) return null;
  const words = people.map(({ name }, index) => {
    const presence = presences[index];
    return presence ? `${name} ${PRESENCE_WORDS[presence]}` : name;
  });
  return (
    <UnstyledButton className="wr-faces" onClick={onOpen} aria-haspopup="dialog"
      aria-label={`Participants: ${words.join(', ')}`}>
      {people.slice(0, FACES_MAX).map(({ user_id, name }) => (
        <Face key={user_id} userId={user_id} name={name} />
      ))}
      <More count={people.length - FACES_MAX} />
    </UnstyledButton>
  );
}
