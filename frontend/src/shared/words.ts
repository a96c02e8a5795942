// Words and times as people read them.

import { Problem } from '@wardroom/client/problem';
import type { PresenceStatus, Role, Severity, Tlp, WaitingOn } from '@wardroom/client/types';

export const SEVERITY_WORDS: Record<Severity, string> = {
  informational: 'Informational',
  low: 'Low',
  medium: 'Medium',
  high: 'High',
  critical: 'Critical',
};

export const TLP_WORDS: Record<Tlp, string> = {
  clear: 'TLP:CLEAR',
  green: 'TLP:GREEN',
  amber: 'TLP:AMBER',
  amber_strict: 'TLP:AMBER+STRICT',
  red: 'TLP:RED',
};

export const WAITING_WORDS: Record<WaitingOn, string> = {
  soc: 'Waiting on SOC',
  client: 'Waiting on client',
};

export const ROLE_WORDS: Record<Role, string> = {
  member: 'Member',
  analyst: 'Analyst',
  admin: 'Administrator',
  auditor: 'Auditor',
  operator: 'Operator',
};

export const PRESENCE_WORDS: Record<PresenceStatus, string> = { online: 'online', away: 'away', offline: 'offline' };

/** The first letters of the first and the last name. */
export function initials(name: string): string {
  const words = name.trim().split(/\s+/);
  const letters = [words[0], words.length > 1 ? words.at(-1) : ''].map((word) => [...(word ?? '')][0] ?? '');
  return letters.join('').toUpperCase() || '?';
}

/** "Alba", "Alba and Aiko", "Alba, Aiko and Andre". */
export function listWords(names: string[]): string {
  const last = names.at(-1) ?? '';
  return names.length < 2 ? last : `${names.slice(0, -1).join(', ')} and ${last}`;
}

/** Options for a select from one of the tables above. */
export function options<Value extends string>(words: Record<Value, string>) {
  return (Object.keys(words) as Value[]).map((value) => ({ value, label: words[value] }));
}

const CLOCK = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', hour12: false });
const DAY = new Intl.DateTimeFormat(undefined, { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' });
const SHORT_DAY = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' });

export function clockTime(at: string): string {
  return CLOCK.format(new Date(at));
}

export function dayName(at: string): string {
  const day = new Date(at);
  return day.toDateString() === new Date().toDateString() ? 'Today' : DAY.format(day);
}

/** For lists: the clock for today, the day for anything older. */
export function shortTime(at: string): string {
  const day = new Date(at);
  return day.toDateString() === new Date().toDateString() ? CLOCK.format(day) : SHORT_DAY.format(day);
}

/** For the moments of receipts: the clock today, the day and the clock before. */
export function momentWords(at: string): string {
  const day = new Date(at);
  const clock = CLOCK.format(day);
  return day.toDateString() === new Date().toDateString() ? clock : `${SHORT_DAY.format(day)}, ${clock}`;
}

export function sizeWords(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 ** 2) return `${(bytes / 1024).toFixed(1)} KiB`;
  return `${(bytes / 1024 ** 2).toFixed(1)} MiB`;
}

const ADVICE: Record<string, string> = {
  unreachable: 'The server cannot be reached. Check your network, then try again.',
  invalid_credentials: 'User name or password is wrong. Check both and try again.',
  forbidden: 'Your role does not allow this. Ask an administrator of your tenant.',
  not_found: 'This is not here, or you do not take part in it.',
  rate_limited: 'Too many attempts. Wait a moment, then try again.',
  unavailable: 'The service is busy or restarting. Try again in a moment.',
  conflict: 'Somebody changed this at the same time. Reload and try again.',
};

/** What went wrong and what to do, in one sentence or two. */
export function adviceFor(error: unknown): string {
  if (!(error instanceof Problem)) return 'Something went wrong in this page. Reload it and try again.';
  if (error.errors.length > 0) {
    return error.errors.map(({ pointer, detail }) => `${pointer.replace(/^\//, '')}: ${detail}`).join('. ');
  }
  return ADVICE[error.code] ?? error.detail;
}

/** The same for something that was to be recorded: a conflict then has its own reason, and
 * reloading would only lose what was written. */
export function refusalWords(error: unknown): string {
  const conflict = error instanceof Problem && error.code === 'conflict' && error.errors.length === 0;
  return conflict ? `This was not recorded: ${error.detail.replace(/\.$/, '')}.` : adviceFor(error);
}
