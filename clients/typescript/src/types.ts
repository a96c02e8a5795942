// The nouns of the Wardroom contract, as they stand in JSON.
//
// Times are RFC 3339 UTC with microseconds, ids are UUIDs, tenant ids are slugs, hashes are
// lower-case hex. Nothing here has behaviour.
// Next: events.ts

export type Role = 'member' | 'analyst' | 'admin' | 'auditor' | 'operator';
export type ThreadStatus = 'open' | 'closed';
export type WaitingOn = 'soc' | 'client';
export type Severity = 'informational' | 'low' | 'medium' | 'high' | 'critical';
export type Tlp = 'clear' | 'green' | 'amber' | 'amber_strict' | 'red';
export type MessageKind =
  | 'text'
  | 'question'
  | 'answer'
  | 'correction'
  | 'acknowledgement'
  | 'system';

export type PresenceStatus = 'online' | 'away' | 'offline';

export interface Page<Item> {
  results: Item[];
  next: string | null;
}

export interface TokenPair {
  access: string;
  refresh: string;
  token_type: string;
  /** Seconds until `access` expires. */
  expires_in: number;
}

export interface TenantGrant {
  id: string;
  name: string;
  role: Role;
}

/** Who I am under the token in use. */
export interface Profile {
  id: string;
  username: string;
  name: string;
  role: Role;
  tenant: string;
  tenants: TenantGrant[];
}

export interface Author {
  id: string;
  name: string;
  role: Role;
}

/** An entry of the tenant's directory: somebody who may be invited. */
export type DirectoryEntry = Author;

export interface Participant {
  user_id: string;
  name: string;
  role: Role;
  added_at?: string;
}

export interface Incident {
  id: string;
  alert_ids?: string[];
  source?: string;
  metadata?: Record<string, unknown>;
}

export interface Sla {
  state: 'ok' | 'due_soon' | 'breached' | 'met' | 'paused';
  due_at: string | null;
}

export interface Thread {
  id: string;
  tenant_id: string;
  title: string;
  status: ThreadStatus;
  waiting_on: WaitingOn | null;
  severity: Severity | null;
  tlp: Tlp | null;
  incident?: Incident | null;
  participants?: Participant[];
  last_seq: number;
  last_message_at: string | null;
  /** For the caller; absent or 0 in live events. */
  unread?: number;
  my_read_seq?: number;
  sla?: Sla | null;
  held?: boolean;
  root_hash?: string;
  created_at: string;
  created_by?: Author | null;
}

export interface FileInfo {
  id: string;
  tenant_id?: string;
  name: string;
  size: number;
  media_type: string;
  sha256: string;
}

export interface Message {
  tenant_id: string;
  thread_id: string;
  /** Place in the thread, from 1, without gaps. */
  seq: number;
  kind: MessageKind;
  author: Author;
  created_at: string;
  client_id?: string | null;
  body: string;
  attachments?: FileInfo[];
  question?: unknown;
  answer?: unknown;
  reply_to?: number | null;
  corrects?: number | null;
  erased?: { at: string; policy: string; record_seq: number } | null;
  /** The leaf hash: what the evidence log says about this message. */
  hash: string;
}

export interface Receipt {
  user_id: string;
  seq: number;
  at: string;
}

export interface VerifyReport {
  ok: boolean;
  size: number;
  root_hash: string;
  detail?: string;
}

export interface Template {
  id: string;
  name: string;
  title: string;
  body?: string;
  version?: number;
  schema?: unknown;
  ui_schema?: unknown;
  tags?: string[];
  required_placeholders?: string[];
}

export interface RetentionPolicy {
  messages_days: number;
  files_days: number;
  closed_threads_only: boolean;
  schedule: string;
}

export interface ThreadFilter {
  status?: ThreadStatus;
  waiting_on?: WaitingOn;
  severity?: Severity;
  incident_id?: string;
  updated_since?: string;
}

export interface NewThread {
  /** The client's UUID: a retry with it and the same content is answered with the first thread. */
  client_id?: string;
  title: string;
  participants?: string[];
  severity?: Severity;
  tlp?: Tlp;
  incident?: Incident;
}

/** Only the members present are changed; `waiting_on: null` clears it. */
export interface ThreadPatch {
  title?: string;
  status?: ThreadStatus;
  severity?: Severity;
  tlp?: Tlp;
  waiting_on?: WaitingOn | null;
}

export interface NewMessage {
  /** The client's UUID: a repeat with the same content is answered with the first message. */
  client_id: string;
  body: string;
  /** Ids of stored files. */
  attachments?: string[];
  reply_to?: number;
  corrects?: number;
}

export interface MessageWindow {
  after_seq?: number;
  before_seq?: number;
  limit?: number;
}
