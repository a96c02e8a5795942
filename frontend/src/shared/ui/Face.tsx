// A person as a small round: initials, and at its edge whether they are there. The marks differ
// in shape (full, half, ring), so that colour is never alone. Initials are drawn by the style sheet:
// they are for the eye only, and no part of a name that one would say to a button.

import type { PresenceStatus } from '@wardroom/client/types';
import { usePresence } from '../presence/use-presence.ts';
import { initials, PRESENCE_WORDS } from '../words.ts';
import styles from './Face.module.css';

/** Say the name and the presence beside it, or in the label of what holds it. */
export function Face({ userId, name }: { userId: string; name: string }) {
  const presence = usePresence(userId);
  return (
    <span className={styles.face} aria-hidden="true" data-drawn={initials(name)}
      title={presence ? `${name}, ${PRESENCE_WORDS[presence]}` : name}>
      {presence && (
        <span className={styles.corner}>
          <PresenceMark presence={presence} />
        </span>
      )}
    </span>
  );
}

/** Without presence and smaller: for those who have read. Null: the name is not known here. */
export function SmallFace({ name }: { name: string | null }) {
  return <span className={styles.small} aria-hidden="true" data-drawn={name === null ? '•' : initials(name)} />;
}

/** How many more there are than are shown. */
export function More({ count }: { count: number }) {
  return count > 0 && <span className={styles.more} aria-hidden="true" data-drawn={`+${count}`} />;
}

function PresenceMark({ presence }: { presence: PresenceStatus }) {
  return (
    <svg className={styles.mark} data-presence={presence} viewBox="0 0 12 12" width="14" height="14">
      <circle cx="6" cy="6" r="4" className={styles.ring} />
      {presence === 'away' && <path d="M6 2a4 4 0 0 0 0 8z" className={styles.fill} />}
      {presence === 'online' && <circle cx="6" cy="6" r="4" className={styles.fill} />}
    </svg>
  );
}
