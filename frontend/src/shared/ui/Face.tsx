// A person as a small round: initials, and at its edge whether they are there. The marks differ
// in shape (full, half, ring), so that colour is never alone.

import type { PresenceStatus } from '@wardroom/client/types';
import { usePresence } from '../presence/use-presence.ts';
import { initials, PRESENCE_WORDS } from '../words.ts';
import styles from './Face.module.css';

/** The initials are for the eye only; say the name beside it, or in the label of what holds it. */
export function Face({ userId, name }: { userId: string; name: string }) {
  const presence = usePresence(userId);
  return (
    <span className={styles.face} aria-hidden="true" title={presence ? `${name}, ${PRESENCE_WORDS[presence]}` : name}>
      {initials(name)}
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
  return (
    <span className={styles.small} aria-hidden="true">
      {name === null ? '•' : initials(name)}
    </span>
  );
}

function PresenceMark({ presence }: { presence: PresenceStatus }) {
  return (
    <svg className={styles.mark} data-presence={presence} viewBox="0 0 12 12" width="12" height="12">
      <circle cx="6" cy="6" r="4" className={styles.ring} />
      {presence === 'away' && <path d="M6 2a4 4 0 0 0 0 8z" className={styles.fill} />}
      {presence === 'online' && <circle cx="6" cy="6" r="4" className={styles.fill} />}
    </svg>
  );
}
