import { useMutation } from '@tanstack/react-query';
import type { Credentials } from '@wardroom/client/http-client';
import { sessionStore } from '../../../shared/session/use-session.ts';

export function useSignIn() {
  return useMutation({ mutationFn: (credentials: Credentials) => sessionStore.signIn(credentials) });
}
