import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accuracy } from '../../../lib/metrics/accuracy.ts';
import { averagePrecision } from '../../../lib/metrics/average-precision.ts';
import { balancedAccuracy } from '../../../lib/metrics/balanced-accuracy.ts';
import { brier } from '../../../lib/metrics/brier.ts';
import { calibrationCounts, calibrationTable } from '../../../lib/metrics/calibration.ts';
import { confusionMatrix } from '../../../lib/metrics/confusion.ts';
import { precisionRecallCurve, rocCurve } from '../../../lib/metrics/curves.ts';
import { logLoss } from '../../../lib/metrics/log-loss.ts';
import { meanAbsoluteError } from '../../../lib/metrics/mean-absolute-error.ts';
import { type Metric, score } from '../../../lib/metrics/metric.ts';
import { f1, precision, recall } from '../../../lib/metrics/precision-recall.ts';
import { r2 } from '../../../lib/metrics/r2.ts';
import { rocAuc, rocAucInterval } from '../../../lib/metrics/roc-auc.ts';
import { rootMeanSquaredError } from '../../../lib/metrics/root-mean-squared-error.ts';
import { countScores } from '../../../lib/metrics/score-counts.ts';
import { topKAccuracy } from '../../../lib/metrics/top-k-accuracy.ts';

const refuses = (work: () => unknown, message: RegExp) => assert.throws(work, { name: 'RangeError', message });

const ofClasses = [accuracy, balancedAccuracy, precision('macro'), recall('micro'), f1('binary')];
const ofMeans = [logLoss(2), brier(2), topKAccuracy(2, 1)];
const ofScores = [rocAuc(2), averagePrecision(2)];
const ofNumbers = [r2, meanAbsoluteError, rootMeanSquaredError];

for (const metric of [...ofClasses, ...ofMeans, ...ofScores, ...ofNumbers] as Metric<unknown>[]) {
  const width = [...ofMeans, ...ofScores].some((other) => other === metric) ? 2 : 1;
  test(`${metric.name} refuses no rows, no weight, weights out of range and unequal lengths`, () => {
    const predictions = Array.from({ length: 2 * width }, () => 1 / width);
    refuses(() => score(metric, [], []), /rows/);
    refuses(() => metric.value(metric.merge([])), /rows/);
    refuses(() => score(metric, [0, 1], predictions, [0, 0]), /weight|rows/);
    refuses(() => metric.partial([0, 1], predictions, [1, -1]), /weight of row 1 must be .* got -1/);
    refuses(() => metric.partial([0, 1], predictions, [NaN, 1]), /weight of row 0 must be .* got NaN/);
    refuses(() => metric.partial([0, 1], predictions, [1]), /got 2 and 1/);
    refuses(() => metric.partial([0], predictions), /got/);
  });
}

test('classes that are not whole numbers from 0 are refused', () => {
  for (const metric of ofClasses) {
    refuses(() => metric.partial([-1], [0]), /label of row 0 must be a whole number from 0 up, got -1/);
    refuses(() => metric.partial([0, 0], [0, 0.5]), /predicted class of row 1 .* got 0.5/);
    refuses(() => metric.partial([NaN], [0]), /got NaN/);
  }
  refuses(() => score(f1('binary'), [0, 2], [0, 1]), /allows the classes 0 and 1, got 2/);
  refuses(() => confusionMatrix([[0, 2, 1]], 2), /from 0 to 1, got label 0 predicted as 2/);
});

test('probabilities that are none, and labels without a column, are refused', () => {
  for (const metric of [...ofMeans, ...ofScores] as Metric<unknown>[]) {
    refuses(() => metric.partial([0], [NaN, 1]), /row 0, class 0 must be from 0 to 1, got NaN/);
    refuses(() => metric.partial([0], [1.5, -0.5]), /got 1.5/);
    refuses(() => metric.partial([0], [0.25, 0.25]), /must add up to 1, got 0.5/);
    refuses(() => metric.partial([2], [0.5, 0.5]), /label of row 0 must be a whole number from 0 to 1, got 2/);
    refuses(() => metric.partial([0], [1]), /1 rows of 2 classes, got 1 numbers/);
  }
  refuses(() => calibrationCounts([0], [1.5]), /got 1.5/);
  refuses(() => calibrationCounts([2], [0.5]), /must be 0 or 1, got 2/);
  refuses(() => calibrationTable(calibrationCounts([], [])), /none/);
  refuses(() => logLoss(1), /numClasses .* got 1/);
  refuses(() => topKAccuracy(3, 4), /k must be a whole number from 1 to 3, got 4/);
});

test('one class alone has no ROC AUC, no curve and, without the class, no average precision', () => {
  refuses(() => score(rocAuc(2), [1, 1], [0, 1, 1, 0]), /rocAuc needs rows of the class and of the rest, got 2 and 0/);
  refuses(() => score(rocAuc(2), [0, 1], [0, 1, 1, 0], [1, 0]), /got 0 and 1/);
  refuses(() => score(rocAuc(3), [0, 1], [1, 0, 0, 0, 1, 0]), /rocAuc of class 2 needs/);
  refuses(() => score(averagePrecision(2), [0, 0], [0, 1, 1, 0]), /averagePrecision needs rows of the class, got none/);
  assert.equal(score(averagePrecision(2), [1, 1], [0, 1, 1, 0]), 1);
  const counts = countScores([1, 1], [0.5, 0.6]);
  refuses(() => rocCurve(counts), /got 2 and 0/);
  refuses(() => precisionRecallCurve(counts), /got 2 and 0/);
  refuses(() => rocCurve(countScores([0, 1], [0, 1]), 1), /maxPoints .* got 1/);
  refuses(() => rocAucInterval(countScores([0, 1, 1], [0, 1, 1])), /2 rows of the class and of the rest, got 2 and 1/);
  refuses(() => countScores([0, 3], [0, 1]), /must be 0 or 1, got 3/);
  refuses(() => countScores([0, 1], [0, NaN]), /score of row 1 must be finite, got NaN/);
});

test('numbers that are not finite, or whose squares are not, are refused', () => {
  for (const metric of ofNumbers as Metric<unknown>[]) {
    refuses(() => metric.partial([NaN, 1], [1, 1]), /label of row 0 must be finite, got NaN/);
    refuses(() => metric.partial([1, 1], [1, Infinity]), /prediction of row 1 must be finite, got Infinity/);
  }
  refuses(() => score(rootMeanSquaredError, [1e200], [0]), /range of a double/);
  refuses(() => score(r2, [1e200, 0], [1e200, 0]), /range of a double/);
  refuses(() => score(r2, [1], [1]), /r2 needs at least 2 rows, got 1/);
});
