// What I may do with a message: put my own right, or take note of somebody else's. Always there
// for keyboard and touch; with a mouse they appear under the pointer.

import type { Message } from '@wardroom/client/types';
import { useSession } from '../../../shared/session/use-session.ts';
import { refusalWords } from '../../../shared/words.ts';
import { mayAcknowledge, mayCorrect, type Marks } from '../api/marks.ts';
import { useAcknowledge } from '../api/use-acknowledge.ts';
import { useActs } from './acts.ts';

export function MessageActions({ message, marks }: { message: Message; marks: Marks | undefined }) {
  const { me } = useSession();
  const acts = useActs();
  const { correct } = acts;
  if (correct && mayCorrect(message, me.id)) {
    return (
      <button type="button" className="wr-action" onClick={() => correct(message)}
        aria-label={`Correct message ${message.seq}`}>
        Correct
      </button>
    );
  }
  if (!acts.mayAcknowledge || !mayAcknowledge(message, marks, me.id)) return null;
  return <Acknowledge message={message} />;
}

function Acknowledge({ message }: { message: Message }) {
  const { mutate, status, error } = useAcknowledge(message);
  if (status === 'pending') return <span className="wr-dim">Acknowledging…</span>;
  if (status === 'success') return <span className="wr-dim">Acknowledged</span>;
  return (
    <>
      {error && (
        <span className="wr-refused" role="alert">
          {refusalWords(error)}
        </span>
      )}
      <button type="button" className="wr-action" data-always={error ? true : undefined} onClick={() => mutate()}
        aria-label={`Acknowledge message ${message.seq}`}>
        Acknowledge
      </button>
    </>
  );
}
