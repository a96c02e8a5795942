import { expect, test } from 'vitest';
import { cameIn, lookedAway, lookedBack, openedLine } from '../src/features/messages/api/new-line.ts';

test('a thread that is read to its end opens without a line', () => {
  expect(openedLine(9, false).after).toBeNull();
  expect(openedLine(9, true).after).toBe(9);
});

test('what comes while I look makes no line', () => {
  expect(cameIn(openedLine(9, false), 10, false).after).toBeNull();
});

test('the first message while I look away makes the line and the second leaves it there', () => {
  const away = lookedAway(openedLine(9, false), 12);
  const line = cameIn(cameIn(away, 13, false), 14, false);
  expect(line.after).toBe(12);
  expect(lookedBack(line)).toEqual({ after: 12, leftAt: null });
});

test('looking away again moves the line to what comes then', () => {
  const once = lookedBack(cameIn(lookedAway(openedLine(9, false), 12), 13, false));
  expect(cameIn(lookedAway(once, 13), 14, false).after).toBe(13);
});

test('a replay of what was there already makes no line', () => {
  expect(cameIn(lookedAway(openedLine(9, false), 12), 12, false).after).toBeNull();
});

test('writing myself takes the line away', () => {
  expect(cameIn(openedLine(9, true), 10, true).after).toBeNull();
});
