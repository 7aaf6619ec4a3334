import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TimelineEntry } from '../../../lib/fanout/summary.ts';
import { measureOverheads, summarizeOverheads } from '../../../lib/report/timeline.ts';

const timeline: TimelineEntry[] = [
  [0, 1, 0, 130],
  [1, 1, 0, null], // a straggler that nobody waited for
  [1, 2, 500, 620],
  [2, 1, 5, 9],
];

test('overhead is the time from asking to answer, less the work', () => {
  const results = [{ busyMs: 100 }, { busyMs: 110 }, { busyMs: 20 }];
  assert.deepEqual(measureOverheads({ timeline, results, sums: null, counts: { done: 3 } }), [30, 10, 0]);
});

test('of sums the mean is taken', () => {
  assert.deepEqual(
    measureOverheads({ timeline, results: [], sums: { busyMs: 90 }, counts: { done: 3 } }),
    [100, 90, 0],
  );
});

test('the middle and the slowest of all fan-outs', () => {
  const part = (overheads: number[]) => ({ startedAtMs: 0, attempts: [], overheads });
  assert.deepEqual(summarizeOverheads({ a: part([5, 1]), b: part([9]) }), { p50: 5, p99: 9 });
  assert.deepEqual(summarizeOverheads({}), { p50: 0, p99: 0 });
});
