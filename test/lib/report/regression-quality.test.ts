import assert from 'node:assert/strict';
import { test } from 'node:test';
import { residualBars } from '../../../lib/report/regression-quality.ts';

test('bars of residuals hold every row, are alike on both sides of 0, and few rows have few of them', () => {
  const residuals: [number, number][] = Array.from({ length: 401 }, (_, i) => [i - 200, 1 + (i % 3)]);
  const { stepsPerBar, bars } = residualBars(residuals);
  assert.equal(
    bars.reduce((sum, { rows }) => sum + rows, 0),
    residuals.reduce((sum, [, rows]) => sum + rows, 0),
  );
  assert.equal(stepsPerBar % 2, 1);
  assert.equal(bars[0].at, -bars.at(-1)!.at);
  assert.ok(bars.length >= 19 && bars.length <= 25, `${bars.length}`);
  assert.ok(
    residualBars([
      [-3, 2],
      [0, 20],
      [4, 3],
    ]).bars.length <= 13,
  );
});

test('what lies far out is in the outermost bars', () => {
  const { bars } = residualBars([
    [-1900, 1],
    [-1, 500],
    [0, 1000],
    [1, 500],
    [1500, 2],
  ]);
  assert.deepEqual(
    bars.map(({ rows }) => rows),
    [1, 500, 1000, 500, 2],
  );
});

test('right predictions make one bar at 0', () => {
  const { bars } = residualBars([[0, 30]]);
  assert.deepEqual(
    bars.filter(({ rows }) => rows > 0),
    [{ at: 0, rows: 30 }],
  );
});
