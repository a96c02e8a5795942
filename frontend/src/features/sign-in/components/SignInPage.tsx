// The way in: user name and password; the tenant only for people who work for several.

import { Alert, Button, Paper, PasswordInput, Stack, Text, TextInput, Title } from '@mantine/core';
import { Problem } from '@wardroom/client/problem';
import type { FormEvent } from 'react';
import { ErrorNote } from '../../../shared/ui/Notes.tsx';
import { useSignIn } from '../api/use-sign-in.ts';

export function SignInPage({ notice }: { notice: string | null }) {
  const signIn = useSignIn();
  const wantsCode = signIn.error instanceof Problem && signIn.error.code.includes('totp');
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const text = (name: string) => String(form.get(name) ?? '').trim();
    signIn.mutate({
      username: text('username'),
      password: String(form.get('password') ?? ''),
      ...(text('tenant') && { tenant: text('tenant') }),
      ...(text('totp') && { totp: text('totp') }),
    });
  };
  return (
    <main className="wr-signin" id="main">
      <Paper withBorder p="lg" radius="md" w="100%" maw={380}>
        <form onSubmit={submit}>
          <Stack gap="md">
            <div>
              <Title order={1} size="h2">
                Wardroom
              </Title>
              <Text c="var(--wr-dim)" size="sm">
                Incident chat that stands up as evidence
              </Text>
            </div>
            {notice && (
              <Alert role="status" variant="outline" color="blue" p="sm">
                {notice}
              </Alert>
            )}
            <TextInput name="username" label="User name" autoComplete="username" required autoFocus
              autoCapitalize="none" spellCheck={false} withAsterisk={false} />
            <PasswordInput name="password" label="Password" autoComplete="current-password" required
              withAsterisk={false} visibilityToggleButtonProps={{ 'aria-label': 'Show password' }} />
            <TextInput name="tenant" label="Tenant (optional)" autoCapitalize="none" spellCheck={false}
              description="Only if you work for more than one" />
            {wantsCode && (
              <TextInput name="totp" label="Code from your authenticator" inputMode="numeric"
                autoComplete="one-time-code" required withAsterisk={false} />
            )}
            {signIn.error && <ErrorNote error={refusal(signIn.error)} />}
            <Button type="submit" loading={signIn.isPending} fullWidth>
              Sign in
            </Button>
          </Stack>
        </form>
      </Paper>
    </main>
  );
}

/** Here, and only here, a 401 means the words that were typed. */
function refusal(error: Error): Error {
  const wrong = error instanceof Problem && error.status === 401 && !error.code.includes('totp');
  return wrong ? new Problem(401, { code: 'invalid_credentials' }) : error;
}
