// What a row may ask of the conversation around it.

import type { Message } from '@wardroom/client/types';
import { createContext, useContext } from 'react';

export interface Acts {
  /** Go to the message with this number. */
  jumpTo: (seq: number) => void;
  /** Put the message box into correcting; absent where I may not write. */
  correct?: (message: Message) => void;
  /** False for those who only read along. */
  mayAcknowledge: boolean;
}

export const ActsContext = createContext<Acts>({ jumpTo: () => undefined, mayAcknowledge: false });

export function useActs(): Acts {
  return useContext(ActsContext);
}
