// Everything that can break breaks, at seeded moments, under load; the checker judges what is left.
//
// The seed stands in the test's name. WARDROOM_FAULT_SEEDS="7 11" runs those alone, and
// WARDROOM_FAULT_ROWS="kill Redis,SIGTERM roll" these rows alone. Victims, moments and durations
// follow from the seed; what the machine makes of them does not, so a replay is the same schedule,
// not the same interleaving.

import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sanitizerMiB, suiteIsThere } from '../flow/suite.ts';
import { Crew, People } from './load.ts';
import { footprint, programs, waitFor, type Footprint } from './programs.ts';
import { choicesOf, rowsOf, seedsOfRun } from './schedule.ts';
import { play, type Played } from './scene.ts';
import { isFair, tableOf } from './table.ts';
import { Wiring } from './wiring.ts';

/** What a program may have more at the end than after the first seed: caches fill, heaps settle. */
const RSS_MORE_KIB = (48 + sanitizerMiB) * 1024;
const RSS_TIMES = 1.5;
const FILES_MORE = 12;

function footprints(): Map<string, Footprint> {
  return new Map(
    programs().flatMap(({ name }) => {
      const found = footprint(name);
      return found ? [[name, found] as const] : [];
    }),
  );
}

describe.skipIf(!suiteIsThere())('faults at seeded moments', () => {
  const people = new People();
  const played: Played[] = [];
  const failedSeeds: number[] = [];
  let wiring: Wiring;
  let base: Map<string, Footprint> | null = null;

  beforeAll(async () => {
    wiring = await Wiring.start();
  }, 120_000);

  afterAll(async () => {
    const table = tableOf(played, failedSeeds);
    console.log(table);
    const path = process.env['WARDROOM_TEST_TABLE'];
    if (path) writeFileSync(path, `${table}\n`);
    await wiring.stop();
  }, 120_000);

  test.each(seedsOfRun())('seed %i: nothing is lost, doubled, reordered, leaked or unproven', async (seed) => {
    const crew = new Crew(people, wiring);
    const mine: Played[] = [];
    failedSeeds.push(seed); // until it is known to have passed
    try {
      await crew.ready();
      for (const row of rowsOf(seed)) {
        const one = await play(row, wiring, crew, choicesOf(seed, row));
        mine.push(one);
        console.log(
          `seed ${seed}, ${row.name}${one.about && ` (${one.about})`}: ${one.acked} acked, ${one.retried} again, ` +
            `recovered in ${Math.round(one.recoveryMs)} ms of ${row.limitMs}; ${Math.round(one.tookMs)} ms in all`,
        );
      }
    } finally {
      played.push(...mine);
      crew.close();
    }
    base ??= footprints();
    for (const one of mine) {
      expect(one.verdict.words, `seed ${seed}, ${one.row.name}`).toEqual([]);
      expect(one.recoveryMs, `seed ${seed}, ${one.row.name}: recovery`).toBeLessThanOrEqual(one.row.limitMs);
      expect(isFair(one)).toBe(true);
    }
    failedSeeds.pop();
  }, 180_000);

  test('memory and open files of every program are back at their base', async () => {
    await waitFor('memory and files to be back', () => excess(base ?? new Map()).length === 0).catch(() => undefined);
    expect(excess(base ?? new Map())).toEqual([]);
  }, 60_000);
});

function excess(base: Map<string, Footprint>): string[] {
  return [...footprints()].flatMap(([name, { rssKiB, files }]) => {
    const before = base.get(name);
    if (!before) return [];
    const words: string[] = [];
    if (rssKiB > before.rssKiB * RSS_TIMES + RSS_MORE_KIB) words.push(`${name}: ${before.rssKiB} KiB, now ${rssKiB}`);
    if (files > before.files + FILES_MORE) words.push(`${name}: ${before.files} files, now ${files}`);
    return words;
  });
}
