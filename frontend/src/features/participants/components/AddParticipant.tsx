import { Select } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import type { Participant } from '@wardroom/client/types';
import { useState } from 'react';
import { ROLE_WORDS } from '../../../shared/words.ts';
import { useDirectory } from '../api/use-directory.ts';

interface Props {
  present: Participant[];
  busy: boolean;
  onAdd: (userId: string) => void;
}

export function AddParticipant({ present, busy, onAdd }: Props) {
  const [search, setSearch] = useState('');
  const [q] = useDebouncedValue(search, 200);
  const directory = useDirectory(q, true);
  const here = new Set(present.map((person) => person.user_id));
  const data = (directory.data ?? [])
    .filter((person) => !here.has(person.id))
    .map((person) => ({ value: person.id, label: `${person.name}, ${ROLE_WORDS[person.role]}` }));
  return (
    <Select label="Add a person" placeholder="Name" searchable disabled={busy} data={data} value={null}
      searchValue={search} onSearchChange={setSearch} filter={({ options: all }) => all}
      nothingFoundMessage={directory.isFetching ? 'Looking…' : 'Nobody else fits'}
      onChange={(userId) => {
        if (userId) onAdd(userId);
        setSearch('');
      }} />
  );
}
