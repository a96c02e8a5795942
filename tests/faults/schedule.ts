// From a seed to what it breaks: three rows, chosen so that ten seeds in a row of ten break
// everything once, and one seed alone always breaks the same. Next: scene.ts

import { ROWS, type Row } from './rows.ts';
import { seeded } from './seeded.ts';

export const ROWS_PER_SEED = 3;

function shuffled<Item>(items: Item[], random: () => number): Item[] {
  const left = [...items];
  return items.map(() => left.splice(Math.floor(random() * left.length), 1)[0] as Item);
}

export function rowsOf(seed: number): Row[] {
  const only = process.env['WARDROOM_FAULT_ROWS']?.split(',');
  if (only) return ROWS.filter(({ name }) => only.includes(name));
  const seedsPerRound = Math.ceil(ROWS.length / ROWS_PER_SEED);
  const round = Math.floor((seed - 1) / seedsPerRound);
  const first = ((seed - 1) % seedsPerRound) * ROWS_PER_SEED;
  return shuffled(ROWS, seeded(round)).slice(first, first + ROWS_PER_SEED);
}

/** The choices of one row in one seed: the same whatever else happens, and whichever rows run. */
export function choicesOf(seed: number, row: Row): () => number {
  return seeded(seed * 1009 + ROWS.findIndex(({ name }) => name === row.name));
}

/** The seeds of this run: named, or counted from 1. */
export function seedsOfRun(): number[] {
  const named = process.env['WARDROOM_FAULT_SEEDS']?.split(' ').filter(Boolean).map(Number);
  if (named && named.length > 0) return named;
  const count = Number(process.env['WARDROOM_TEST_FAULTS'] ?? 10);
  return Array.from({ length: count }, (_, i) => i + 1);
}
