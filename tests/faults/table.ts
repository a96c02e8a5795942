// What a run showed, a line for each row. Next: faults.test.ts

import type { Played } from './scene.ts';
import { ROWS } from './rows.ts';

const FAULTS = ['lost', 'doubled', 'reordered', 'leaked', 'unproven', 'hung'] as const;

export function isFair({ verdict, recoveryMs, row }: Played): boolean {
  return FAULTS.every((fault) => verdict[fault] === 0) && recoveryMs <= row.limitMs;
}

export function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN;
}

function seconds(ms: number): string {
  return Number.isNaN(ms) ? 'never' : (ms / 1000).toFixed(2);
}

function sum(played: Played[], of: (one: Played) => number): number {
  return played.reduce((total, one) => total + of(one), 0);
}

/** Recovery in seconds: median, the longest, and what was promised. */
export function tableOf(played: Played[], failedSeeds: number[]): string {
  const head = ['row', 'ran', 'acked', ...FAULTS, 'median', 'max', 'limit'];
  const lines = ROWS.map(({ name, limitMs }) => {
    const own = played.filter(({ row }) => row.name === name);
    const times = own.map(({ recoveryMs }) => recoveryMs);
    const worst = times.some(Number.isNaN) ? Number.NaN : Math.max(...times);
    return [
      name, own.length, sum(own, ({ acked }) => acked),
      ...FAULTS.map((fault) => sum(own, ({ verdict }) => verdict[fault])),
      ...(own.length > 0 ? [seconds(median(times)), seconds(worst)] : ['-', '-']), seconds(limitMs),
    ];
  });
  const totals = FAULTS.map((fault) => sum(played, ({ verdict }) => verdict[fault]));
  const total = ['all', played.length, sum(played, ({ acked }) => acked), ...totals, '', '', ''];
  const text = [head, ...lines, total]
    .map(([name, ...cells]) => String(name).padEnd(24) + cells.map((cell) => String(cell).padStart(10)).join(''))
    .map((line) => line.trimEnd());
  const retried = sum(played, (one) => one.retried);
  const repeated = sum(played, (one) => one.repeated);
  text.push(`Recovery in seconds. ${retried} requests were sent again after an error or a close, ${repeated} on purpose.`);
  if (failedSeeds.length > 0) {
    text.push(`Failed seeds; again with: WARDROOM_FAULT_SEEDS="${failedSeeds.join(' ')}" ./wardroom test faults`);
  }
  return text.join('\n');
}
