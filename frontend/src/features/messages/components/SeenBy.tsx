// Who has read to here. At my newest message also how many have come past it.

import type { Receipt } from '@wardroom/client/types';
import { More, SmallFace } from '../../../shared/ui/Face.tsx';
import { HintButton } from '../../../shared/ui/HintButton.tsx';
import { Time } from '../../../shared/ui/Time.tsx';
import { momentWords } from '../../../shared/words.ts';
import type { NameOf, Readers } from '../api/use-readers.ts';

const FACES_MAX = 3;
const WITHOUT_NAME = 'Somebody of the SOC';

export function SeenBy({ readers, nameOf }: { readers: Readers; nameOf: NameOf }) {
  const { here, seen } = readers;
  const listed = seen ?? here;
  const words = listed.map(({ user_id, at }) => `${nameOf(user_id) ?? WITHOUT_NAME} ${momentWords(at)}`).join(', ');
  return (
    <HintButton label={seen ? `Seen by ${seen.length}: ${words}` : `Read up to here: ${words}`}
      hint={<List title={seen ? 'Seen by' : 'Read up to here'} receipts={listed} nameOf={nameOf} />}>
      {seen && <span className="wr-seen">Seen by {seen.length}</span>}
      {here.slice(0, FACES_MAX).map(({ user_id }) => (
        <SmallFace key={user_id} name={nameOf(user_id)} />
      ))}
      <More count={here.length - FACES_MAX} />
    </HintButton>
  );
}

function List({ title, receipts, nameOf }: { title: string; receipts: Receipt[]; nameOf: NameOf }) {
  return (
    <>
      <p className="wr-hint-title">{title}</p>
      <ul>
        {receipts.map(({ user_id, at }) => (
          <li key={user_id}>
            <span>{nameOf(user_id) ?? WITHOUT_NAME}</span>
            <span className="wr-dim">
              <Time at={at} format={momentWords} />
            </span>
          </li>
        ))}
      </ul>
    </>
  );
}
