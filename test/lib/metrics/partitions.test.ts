import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { InputError } from '../../../lib/base/errors.ts';
import { accuracy, balancedAccuracy } from '../../../lib/metrics/accuracy.ts';
import { averagePrecision } from '../../../lib/metrics/average-precision.ts';
import { brier } from '../../../lib/metrics/brier.ts';
import { calibrationCounts, mergeCalibration } from '../../../lib/metrics/calibration.ts';
import { logLoss } from '../../../lib/metrics/log-loss.ts';
import type { Metric } from '../../../lib/metrics/metric.ts';
import { f1 } from '../../../lib/metrics/precision-recall.ts';
import { r2 } from '../../../lib/metrics/r2.ts';
import { meanAbsoluteError, rootMeanSquaredError } from '../../../lib/metrics/regression-metrics.ts';
import { rocAuc } from '../../../lib/metrics/roc-auc.ts';

interface Row {
  label: number;
  predictions: number[];
  weight: number;
  part: number;
}

const NUM_PARTS = 5;
const weight = fc.oneof(fc.constant(0), fc.double({ min: 1e-6, max: 1e6, noNaN: true }));
const part = fc.nat(NUM_PARTS - 1); // some parts stay empty
const classes = fc.record({ label: fc.nat(3), predictions: fc.tuple(fc.nat(3)), weight, part });
const numbers = fc.record({
  label: fc.double({ min: -1e9, max: 1e9, noNaN: true }),
  predictions: fc.tuple(fc.double({ min: -1e9, max: 1e9, noNaN: true })),
  weight,
  part,
});
const probabilities = (numClasses: number) =>
  fc.record({
    label: fc.nat(numClasses - 1),
    predictions: fc
      .array(fc.nat(6), { minLength: numClasses, maxLength: numClasses })
      .map((votes) => votes.map((vote) => (vote + 1) / (votes.reduce((sum, other) => sum + other, 0) + numClasses))),
    weight,
    part,
  });

function sameForAnyParts<P>(metric: Metric<P>, row: fc.Arbitrary<Row>): void {
  test(`${metric.name} has the same partial and the same bits for any partitions`, () => {
    fc.assert(
      fc.property(fc.array(row, { maxLength: 30 }), fc.boolean(), (rows, isWeighted) => {
        const toPartial = (some: readonly Row[]) =>
          metric.partial(
            some.map(({ label }) => label),
            some.flatMap(({ predictions }) => predictions),
            isWeighted ? some.map((each) => each.weight) : undefined,
          );
        const parts = Array.from({ length: NUM_PARTS }, (_, at) => toPartial(rows.filter((each) => each.part === at)));
        const whole = toPartial(rows);
        const merged = metric.merge(JSON.parse(JSON.stringify(parts)) as P[]);
        assert.deepEqual(merged, whole);
        assert.deepEqual(metric.merge([metric.merge(parts.slice(0, 2)), metric.merge(parts.slice(2))]), whole);
        assert.deepEqual(valueOrError(metric, merged), valueOrError(metric, whole));
      }),
    );
  });
}

function valueOrError<P>(metric: Metric<P>, partial: P): number | string {
  try {
    return metric.value(partial);
  } catch (error) {
    assert.ok(error instanceof InputError, String(error));
    return error.message;
  }
}

for (const metric of [accuracy, balancedAccuracy, f1('weighted')]) sameForAnyParts(metric, classes);
for (const metric of [meanAbsoluteError, rootMeanSquaredError]) sameForAnyParts(metric, numbers);
sameForAnyParts(r2, numbers);
for (const metric of [logLoss(3), brier(3)]) sameForAnyParts(metric, probabilities(3));
for (const metric of [rocAuc(2), averagePrecision(2)]) sameForAnyParts(metric, probabilities(2));
for (const metric of [rocAuc(3, 'weighted'), averagePrecision(3)]) sameForAnyParts(metric, probabilities(3));
sameForAnyParts(
  {
    name: 'calibration',
    partial: (labels, scores, weights) => calibrationCounts(labels, scores, weights),
    merge: mergeCalibration,
    value: () => 0,
  },
  probabilities(2).map((row) => ({ ...row, predictions: row.predictions.slice(1) })),
);

test('ROC AUC and average precision equal their plain definitions', () => {
  const row = fc.record({ label: fc.nat(1), score: fc.nat(8) });
  fc.assert(
    fc.property(fc.array(row, { minLength: 2, maxLength: 25 }), (rows) => {
      const [negatives, positives] = [0, 1].map((side) => rows.filter(({ label }) => label === side));
      fc.pre(negatives.length > 0 && positives.length > 0);
      const labels = rows.map(({ label }) => label);
      const scores = rows.flatMap(({ score }) => [1 - score / 8, score / 8]);
      let wins = 0;
      for (const a of positives) for (const b of negatives) wins += (Math.sign(a.score - b.score) + 1) / 2;
      const auc = rocAuc(2);
      assert.equal(auc.value(auc.partial(labels, scores)), wins / (positives.length * negatives.length));
      let sum = 0;
      for (const { score } of positives) {
        const above = (side: typeof rows) => side.filter((other) => other.score >= score).length;
        sum += above(positives) / above(rows);
      }
      const precision = averagePrecision(2);
      const value = precision.value(precision.partial(labels, scores));
      assert.ok(Math.abs(value - sum / positives.length) < 1e-12, `${value}`);
    }),
  );
});
