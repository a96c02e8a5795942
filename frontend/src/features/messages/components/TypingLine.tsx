// One calm line above the message box. It keeps its place when nobody types, so nothing jumps.

import { useEffect, useState } from 'react';
import { typingWords } from '../api/typing.ts';
import { useTyping } from '../api/use-typing.ts';

/** To screen readers a beginning is said once, and at most this often. */
const SAY_AGAIN_MS = 15_000;

export function TypingLine({ threadId }: { threadId: string }) {
  const words = typingWords(useTyping(threadId));
  return (
    <>
      <p className="wr-typing" aria-hidden="true">
        {words && (
          <>
            <span className="wr-typing-dots">
              <i />
              <i />
              <i />
            </span>
            {words}
          </>
        )}
      </p>
      <Spoken words={words} />
    </>
  );
}

function Spoken({ words }: { words: string }) {
  const [said, setSaid] = useState('');
  if (words && !said) setSaid(words);
  useEffect(() => {
    if (!said) return undefined;
    const timer = setTimeout(() => setSaid(''), SAY_AGAIN_MS);
    return () => clearTimeout(timer);
  }, [said]);
  return (
    <p className="wr-hidden" role="status" aria-label="Typing">
      {said}
    </p>
  );
}
