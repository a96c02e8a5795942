// Who I am here, the colour scheme, the list of shortcuts, and the way out.

import { Menu, UnstyledButton, useMantineColorScheme, type MantineColorScheme } from '@mantine/core';
import { sessionStore, useSession } from '../../../shared/session/use-session.ts';
import { ROLE_WORDS } from '../../../shared/words.ts';

const SCHEMES: [MantineColorScheme, string][] = [
  ['auto', 'Colours of the system'],
  ['light', 'Light'],
  ['dark', 'Dark'],
];

export function AccountMenu({ onShortcuts }: { onShortcuts?: () => void }) {
  const { me } = useSession();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return (
    <Menu position="bottom-end" width={220} withinPortal={false} withInitialFocusPlaceholder={false}>
      <Menu.Target>
        <UnstyledButton className="wr-account" aria-label={`Account: ${me.name}`}>
          <span className="wr-account-name">{me.name}</span>
          <span aria-hidden="true">▾</span>
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label c="var(--wr-dim)">
          {me.username}, {ROLE_WORDS[me.role]}
        </Menu.Label>
        <Menu.Divider />
        <Menu.RadioGroup aria-label="Appearance" value={colorScheme}
          onChange={(value) => setColorScheme(value as MantineColorScheme)}>
          {SCHEMES.map(([scheme, words]) => (
            <Menu.RadioItem key={scheme} value={scheme} closeMenuOnClick={false}>
              {words}
            </Menu.RadioItem>
          ))}
        </Menu.RadioGroup>
        <Menu.Divider />
        {onShortcuts && <Menu.Item onClick={onShortcuts}>Keyboard shortcuts</Menu.Item>}
        <Menu.Item onClick={() => void sessionStore.signOut()}>Sign out</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
