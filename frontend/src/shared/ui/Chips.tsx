// The three marks of a thread. Each is a word with a mark, so that colour is never alone.

import type { Severity, Thread, Tlp } from '@wardroom/client/types';
import { SEVERITY_WORDS, TLP_WORDS, WAITING_WORDS } from '../words.ts';
import styles from './Chips.module.css';

export function SeverityChip({ severity }: { severity: Severity }) {
  return (
    <span className={styles.chip}>
      <span className={styles.dot} data-severity={severity} aria-hidden="true" />
      <span className={styles.hidden}>Severity </span>
      {SEVERITY_WORDS[severity]}
    </span>
  );
}

export function TlpChip({ tlp }: { tlp: Tlp }) {
  return (
    <span className={styles.tlp} data-tlp={tlp}>
      {TLP_WORDS[tlp]}
    </span>
  );
}

export function ThreadChips({ thread }: { thread: Thread }) {
  const waiting = thread.waiting_on && WAITING_WORDS[thread.waiting_on];
  return (
    <span className={styles.row}>
      {thread.status === 'closed' && <span className={styles.chip}>Closed</span>}
      {thread.severity && SEVERITY_WORDS[thread.severity] && <SeverityChip severity={thread.severity} />}
      {thread.tlp && TLP_WORDS[thread.tlp] && <TlpChip tlp={thread.tlp} />}
      {waiting && <span className={styles.chip}>{waiting}</span>}
    </span>
  );
}
