// Providers, and the choice between the way in and the workspace.
// Next: routes.tsx

import { Button, Loader, MantineProvider } from '@mantine/core';
import { Problem } from '@wardroom/client/problem';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { RouterProvider } from 'react-router/dom';
import { SignInPage } from '../features/sign-in/components/SignInPage.tsx';
import { EmptyNote } from '../shared/ui/Notes.tsx';
import type { Session } from '../shared/session/session-store.ts';
import { SessionContext, sessionStore, useSessionState } from '../shared/session/use-session.ts';
import { OperatorPage } from './OperatorPage.tsx';
import { router } from './routes.tsx';
import { cssVariables, theme } from './theme.ts';

export function App() {
  return (
    <MantineProvider theme={theme} defaultColorScheme="auto" cssVariablesResolver={cssVariables}>
      <Door />
    </MantineProvider>
  );
}

function newQueryClient(): QueryClient {
  const retry = (count: number, error: unknown) => count < 2 && error instanceof Problem && error.retryable;
  return new QueryClient({ defaultOptions: { queries: { retry, staleTime: 10_000 } } });
}

function Door() {
  const state = useSessionState();
  useEffect(() => void sessionStore.restore(), []);
  switch (state.status) {
    case 'restoring':
      return (
        <main className="wr-signin">
          <Loader aria-label="Signing in" role="status" />
        </main>
      );
    case 'unreachable':
      return (
        <main className="wr-signin">
          <EmptyNote title="The server cannot be reached">
            <p>You are still signed in. Check your network, then try again.</p>
            <Button onClick={() => void sessionStore.restore()}>Try again</Button>
          </EmptyNote>
        </main>
      );
    case 'signed-out':
      return (
        <QueryClientProvider client={signInClient}>
          <SignInPage notice={state.notice} />
        </QueryClientProvider>
      );
    case 'signed-in':
      return <SignedIn key={state.session.me.id} session={state.session} />;
  }
}

const signInClient = newQueryClient();

/** Each session has its own cache: nothing of one person is left for the next. */
function SignedIn({ session }: { session: Session }) {
  const [client] = useState(newQueryClient);
  useEffect(() => () => client.clear(), [client]);
  return (
    <QueryClientProvider client={client}>
      <SessionContext value={session}>
        {session.me.role === 'operator' ? <OperatorPage /> : <RouterProvider router={router} />}
      </SessionContext>
    </QueryClientProvider>
  );
}
