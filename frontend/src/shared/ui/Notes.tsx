// What stands where content would: nothing yet, or an error that says what to do.

import { Alert, Button, Stack, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';
import { adviceFor } from '../words.ts';

export function EmptyNote({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <Stack align="center" justify="center" gap="xs" p="xl" ta="center">
      <Title order={2} size="h4">
        {title}
      </Title>
      <Text c="var(--wr-dim)" component="div" maw={420}>
        {children}
      </Text>
    </Stack>
  );
}

export function ErrorNote({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  return (
    <Alert color="red" variant="outline" role="alert" m={onRetry ? 'sm' : 0} p="sm" title="That did not work">
      <Stack gap="xs" align="flex-start">
        <span>{adviceFor(error)}</span>
        {onRetry && (
          <Button size="xs" variant="default" onClick={onRetry}>
            Try again
          </Button>
        )}
      </Stack>
    </Alert>
  );
}
