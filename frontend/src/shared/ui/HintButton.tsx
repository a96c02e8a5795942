// A small button that shows more on hover, focus or touch. Its label says the same in words, so
// that nothing depends on seeing the hint; Escape puts it away.

import { Popover } from '@mantine/core';
import { useRef, useState, type ReactNode } from 'react';

interface Props {
  label: string;
  hint: ReactNode;
  children: ReactNode;
}

/** Time for the pointer to cross over into the hint. */
const LINGER_MS = 200;

export function HintButton({ label, hint, children }: Props) {
  const [opened, setOpened] = useState(false);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const open = () => {
    clearTimeout(timer.current);
    setOpened(true);
  };
  const linger = () => {
    timer.current = setTimeout(() => setOpened(false), LINGER_MS);
  };
  return (
    <Popover opened={opened} onChange={setOpened} position="top-end" offset={4} withRoles={false}
      transitionProps={{ duration: 0 }}>
      <Popover.Target>
        <button type="button" className="wr-hint-button" aria-label={label} onClick={open} onMouseEnter={open}
          onMouseLeave={linger} onFocus={open} onBlur={() => setOpened(false)}
          onKeyDown={(event) => event.key === 'Escape' && setOpened(false)}>
          {children}
        </button>
      </Popover.Target>
      <Popover.Dropdown className="wr-hint" aria-hidden="true" onMouseEnter={open} onMouseLeave={linger}>
        {hint}
      </Popover.Dropdown>
    </Popover>
  );
}
