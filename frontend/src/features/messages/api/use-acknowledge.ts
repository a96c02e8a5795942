import { useMutation } from '@tanstack/react-query';
import type { Message } from '@wardroom/client/types';
import { useSession } from '../../../shared/session/use-session.ts';

/** Record that I have taken note. Without a connection it waits for one, as posts do; a repeat is
 * the same acknowledgement. */
export function useAcknowledge(message: Message) {
  const { live } = useSession();
  return useMutation({
    mutationFn: () => live.acknowledge(message.thread_id, message.seq),
    networkMode: 'always',
  });
}
