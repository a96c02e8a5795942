import { Button, Group, Modal, Select, Stack, TextInput } from '@mantine/core';
import type { Severity, Thread, Tlp } from '@wardroom/client/types';
import { useState, type FormEvent } from 'react';
import { DIALOG } from '../../../shared/ui/dialog.ts';
import { ErrorNote } from '../../../shared/ui/Notes.tsx';
import { options, SEVERITY_WORDS, TLP_WORDS } from '../../../shared/words.ts';
import { useCreateThread } from '../api/use-create-thread.ts';

interface Props {
  opened: boolean;
  onClose: () => void;
  onCreated: (thread: Thread) => void;
}

export function NewThreadDialog(props: Props) {
  return (
    <Modal opened={props.opened} onClose={props.onClose} title="New thread"
      {...DIALOG}>
      <NewThreadForm {...props} />
    </Modal>
  );
}

function NewThreadForm({ onClose, onCreated }: Props) {
  const create = useCreateThread();
  const [title, setTitle] = useState('');
  const [severity, setSeverity] = useState<Severity>('medium');
  const [tlp, setTlp] = useState<Tlp>('amber');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (title.trim() === '') return;
    create.mutate({ title: title.trim(), severity, tlp }, { onSuccess: onCreated });
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="md">
        <TextInput label="Title" required withAsterisk={false} data-autofocus maxLength={200} value={title}
          description="What happened, where. Titles cannot be taken back from the record."
          onChange={(event) => setTitle(event.currentTarget.value)} />
        <Select label="Severity" data={options(SEVERITY_WORDS)} value={severity} allowDeselect={false}
          onChange={(value) => value && setSeverity(value as Severity)} />
        <Select label="TLP" description="Who may be told (Traffic Light Protocol 2.0)" allowDeselect={false}
          data={options(TLP_WORDS)} value={tlp} onChange={(value) => value && setTlp(value as Tlp)} />
        {create.error && <ErrorNote error={create.error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={create.isPending}>
            Open thread
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
