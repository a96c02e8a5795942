// What travels on the socket: commands to the server, events from it.
//
// A client frame is one JSON object; a server frame is a JSON array of events. `parseFrame`
// is the one place where bytes from the server become typed events.
// Next: presence-book.ts

import type { Message, PresenceStatus, Thread } from './types.ts';

export interface AckEvent {
  type: 'ack';
  ref: string;
  thread_id: string;
  seq: number;
  created_at: string;
  hash: string;
}

export interface ErrorEvent {
  type: 'error';
  ref?: string;
  thread_id?: string;
  code: string;
  detail: string;
}

export interface ThreadEvent {
  type: 'thread';
  thread: Thread;
  change: 'created' | 'updated' | 'removed';
}

export interface TypingEvent {
  type: 'typing';
  thread_id: string;
  user: { id: string; name: string };
  active: boolean;
}

export interface ReadEvent {
  type: 'read';
  thread_id: string;
  user_id: string;
  seq: number;
  at: string;
}

export interface PresenceEvent {
  type: 'presence';
  user_id: string;
  status: PresenceStatus;
}

export type ServerEvent =
  | { type: 'message'; message: Message }
  | ThreadEvent
  | TypingEvent
  | ReadEvent
  | PresenceEvent
  | AckEvent
  | ErrorEvent
  | { type: 'subscribed'; thread_id: string; last_seq: number }
  | { type: 'unsubscribed'; thread_id: string }
  | { type: 'authenticated'; expires_at: string }
  | { type: 'expiring'; expires_at: string }
  | { type: 'resync'; thread_id: string }
  | { type: 'pong'; ref?: string };

export type ClientCommand =
  | { op: 'subscribe'; thread_id: string; after_seq?: number }
  | { op: 'unsubscribe'; thread_id: string }
  | PostCommand
  | { op: 'read'; thread_id: string; seq: number }
  | { op: 'typing'; thread_id: string; active: boolean }
  | { op: 'presence'; status: 'online' | 'away' }
  | { op: 'authenticate'; token: string }
  | { op: 'ping'; ref?: string };

export type PostCommand =
  | {
      op: 'post';
      ref: string;
      thread_id: string;
      body: string;
      attachments?: string[];
      reply_to?: number;
      corrects?: number;
    }
  | { op: 'answer'; ref: string; thread_id: string; question_seq: number; data: unknown }
  | { op: 'acknowledge'; ref: string; thread_id: string; seq: number };

/** Why the server closed the socket. 1001 means: come back, with jitter. */
export const CLOSE = {
  GOING_AWAY: 1001,
  BAD_MESSAGE: 4400,
  TOKEN: 4401,
  FORBIDDEN: 4403,
  TOO_SLOW: 4408,
  TOO_FAST: 4429,
} as const;

/** Turn one server frame into its events; members that are not events are left out.
 * Throws SyntaxError when the frame is not JSON. */
export function parseFrame(text: string): ServerEvent[] {
  const value: unknown = JSON.parse(text);
  const list = Array.isArray(value) ? value : [value];
  return list.filter(isEvent);
}

function isEvent(value: unknown): value is ServerEvent {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as { type?: unknown }).type === 'string'
  );
}
