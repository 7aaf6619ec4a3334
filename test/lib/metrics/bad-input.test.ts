import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accuracy, balancedAccuracy } from '../../../lib/metrics/accuracy.ts';
import { averagePrecision } from '../../../lib/metrics/average-precision.ts';
import { brier } from '../../../lib/metrics/brier.ts';
import { calibrationCounts, calibrationTable } from '../../../lib/metrics/calibration.ts';
import { confusionMatrix, countPairs } from '../../../lib/metrics/confusion.ts';
import { precisionRecallCurve, rocCurve } from '../../../lib/metrics/curves.ts';
import { logLoss } from '../../../lib/metrics/log-loss.ts';
import { type Metric, score } from '../../../lib/metrics/metric.ts';
import { f1, precision, recall } from '../../../lib/metrics/precision-recall.ts';
import { r2 } from '../../../lib/metrics/r2.ts';
import { meanAbsoluteError, rootMeanSquaredError } from '../../../lib/metrics/regression-metrics.ts';
import { rocAuc, rocAucInterval } from '../../../lib/metrics/roc-auc.ts';

const rejects = (work: () => unknown, message: RegExp) => assert.throws(work, { name: 'InputError', message });

const classMetrics = [accuracy, balancedAccuracy, precision('macro'), recall('micro'), f1('binary')];
const meanMetrics = [logLoss(2), brier(2)];
const rankMetrics = [rocAuc(2), averagePrecision(2)];
const regressionMetrics = [r2, meanAbsoluteError, rootMeanSquaredError];

for (const metric of [...classMetrics, ...meanMetrics, ...rankMetrics, ...regressionMetrics] as Metric<unknown>[]) {
  const width = [...meanMetrics, ...rankMetrics].some((other) => other === metric) ? 2 : 1;
  test(`${metric.name} rejects zero rows, zero weight, weights out of range and unequal lengths`, () => {
    const predictions = Array.from({ length: 2 * width }, () => 1 / width);
    rejects(() => score(metric, [], []), /rows/);
    rejects(() => metric.value(metric.merge([])), /rows/);
    rejects(() => score(metric, [0, 1], predictions, [0, 0]), /weight|rows/);
    rejects(() => metric.partial([0, 1], predictions, [1, -1]), /weight of row 1 must be .* got -1/);
    rejects(() => metric.partial([0, 1], predictions, [NaN, 1]), /weight of row 0 must be .* got NaN/);
    rejects(() => metric.partial([0, 1], predictions, [1]), /got 2 and 1/);
    rejects(() => metric.partial([0], predictions), /got/);
  });
}

test('classes that are not integers ≥ 0 are rejected', () => {
  for (const metric of classMetrics) {
    rejects(() => metric.partial([-1], [0]), /label of row 0 must be an integer ≥ 0, got -1/);
    rejects(() => metric.partial([0, 0], [0, 0.5]), /predicted class of row 1 .* got 0.5/);
    rejects(() => metric.partial([NaN], [0]), /got NaN/);
  }
  rejects(() => score(f1('binary'), [0, 2], [0, 1]), /supports the classes 0 and 1 only, got 2/);
  rejects(() => confusionMatrix([[0, 2, 1]], 2), /from 0 to 1, got label 0 predicted as 2/);
});

test('invalid probabilities and labels without a column are rejected', () => {
  for (const metric of [...meanMetrics, ...rankMetrics] as Metric<unknown>[]) {
    rejects(() => metric.partial([0], [NaN, 1]), /row 0, class 0 must be from 0 to 1, got NaN/);
    rejects(() => metric.partial([0], [1.5, -0.5]), /got 1.5/);
    rejects(() => metric.partial([0], [0.25, 0.25]), /must add up to 1, got 0.5/);
    rejects(() => metric.partial([2], [0.5, 0.5]), /label of row 0 must be an integer from 0 to 1, got 2/);
    rejects(() => metric.partial([0], [1]), /1 rows of 2 classes, got 1 numbers/);
  }
  rejects(() => calibrationCounts([0], [1.5]), /got 1.5/);
  rejects(() => calibrationCounts([2], [0.5]), /must be 0 or 1, got 2/);
  rejects(() => calibrationTable(calibrationCounts([], [])), /none/);
  rejects(() => logLoss(1), /numClasses .* got 1/);
});

test('rows of one class have no ROC AUC and no curve, and without positives no average precision', () => {
  rejects(() => score(rocAuc(2), [1, 1], [0, 1, 1, 0]), /rocAuc needs rows of the class and of the rest, got 2 and 0/);
  rejects(() => score(rocAuc(2), [0, 1], [0, 1, 1, 0], [1, 0]), /got 0 and 1/);
  rejects(() => score(rocAuc(3), [0, 1], [1, 0, 0, 0, 1, 0]), /rocAuc of class 2 needs/);
  rejects(() => score(averagePrecision(2), [0, 0], [0, 1, 1, 0]), /averagePrecision needs rows of the class, got none/);
  assert.equal(score(averagePrecision(2), [1, 1], [0, 1, 1, 0]), 1);
  const counts = countPairs([1, 1], [0.5, 0.6]);
  rejects(() => rocCurve(counts), /got 2 and 0/);
  rejects(() => precisionRecallCurve(counts), /got 2 and 0/);
  rejects(() => rocCurve(countPairs([0, 1], [0, 1]), 1), /maxPoints .* got 1/);
  rejects(() => rocAucInterval(countPairs([0, 1, 1], [0, 1, 1])), /2 rows of the class and of the rest, got 2 and 1/);
});

test('values that are not finite, or whose squares are not, are rejected', () => {
  for (const metric of regressionMetrics as Metric<unknown>[]) {
    rejects(() => metric.partial([NaN, 1], [1, 1]), /label of row 0 must be finite, got NaN/);
    rejects(() => metric.partial([1, 1], [1, Infinity]), /prediction of row 1 must be finite, got Infinity/);
  }
  rejects(() => score(rootMeanSquaredError, [1e200], [0]), /range of a double/);
  rejects(() => score(r2, [1e200, 0], [1e200, 0]), /range of a double/);
  rejects(() => score(r2, [1], [1]), /r2 needs at least 2 rows, got 1/);
});
