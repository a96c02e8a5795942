import type { PresenceStatus } from '@wardroom/client/types';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { AWAY_AFTER_MS, OwnPresence } from '../src/features/connection/api/own-presence.ts';
import { LOST_MS, PresenceStore } from '../src/shared/presence/presence-store.ts';
import { initials, listWords } from '../src/shared/words.ts';
import { FakeLive } from './live-fake.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function store() {
  const live = new FakeLive();
  const presence = new PresenceStore(live.socket);
  const say = (user_id: string, status: PresenceStatus) => {
    live.people.set(user_id, status);
    live.say('presence', { user_id, status });
  };
  return { live, presence, say };
}

test('without a connection nothing is known, but a short break changes nothing', () => {
  const { live, presence, say } = store();
  say('alba', 'online');
  live.say('state', 'offline');
  vi.advanceTimersByTime(LOST_MS - 1);
  expect(presence.of('alba')).toBe('online');
  live.say('state', 'connecting'); // an attempt is no connection, and starts no new clock
  vi.advanceTimersByTime(1);
  expect(presence.of('alba')).toBeNull();
  expect(presence.of('aiko')).toBeNull();
  live.say('state', 'online');
  expect(presence.of('alba')).toBe('online');
  expect(presence.of('aiko')).toBe('offline');
});

test('a connection that is back in time is never seen as lost', () => {
  const { live, presence, say } = store();
  say('alba', 'away');
  live.say('state', 'offline');
  live.say('state', 'online');
  vi.advanceTimersByTime(LOST_MS);
  expect(presence.of('alba')).toBe('away');
});

test('listeners hear each change until they stop', () => {
  const { presence, say } = store();
  const heard = vi.fn();
  const off = presence.subscribe(heard);
  say('alba', 'online');
  off();
  say('alba', 'away');
  expect(heard).toHaveBeenCalledTimes(1);
});

test('I am away after five minutes without a sign and back with the first one', () => {
  const said: string[] = [];
  const own = new OwnPresence((status) => said.push(status));
  vi.advanceTimersByTime(AWAY_AFTER_MS - 1000);
  own.sign();
  vi.advanceTimersByTime(AWAY_AFTER_MS - 1);
  expect(said).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(said).toEqual(['away']);
  own.sign();
  expect(said).toEqual(['away', 'online']);
  vi.advanceTimersByTime(AWAY_AFTER_MS);
  expect(said).toEqual(['away', 'online', 'away']);
  own.stop();
});

test('initials are the first letters of the first and the last name', () => {
  expect(initials('Alba Ferrer')).toBe('AF');
  expect(initials('André de la Torre')).toBe('AT');
  expect(initials('ana')).toBe('A');
  expect(initials('  ')).toBe('?');
  expect(initials('𝒜da 李')).toBe('𝒜李');
});

test('names are put together as one says them', () => {
  expect(listWords([])).toBe('');
  expect(listWords(['Alba', 'Aiko', 'André'])).toBe('Alba, Aiko and André');
});
