import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { accuracy, balancedAccuracy } from '../../../lib/metrics/accuracy.ts';
import { averagePrecision } from '../../../lib/metrics/average-precision.ts';
import { brier } from '../../../lib/metrics/brier.ts';
import { calibrationCounts, calibrationTable, mergeCalibration } from '../../../lib/metrics/calibration.ts';
import { confusionMatrix, countPairs } from '../../../lib/metrics/confusion.ts';
import { precisionRecallCurve, rocCurve } from '../../../lib/metrics/curves.ts';
import { logLoss } from '../../../lib/metrics/log-loss.ts';
import type { Metric } from '../../../lib/metrics/metric.ts';
import { type Average, f1, precision, recall } from '../../../lib/metrics/precision-recall.ts';
import { r2 } from '../../../lib/metrics/r2.ts';
import { meanAbsoluteError, rootMeanSquaredError } from '../../../lib/metrics/regression-metrics.ts';
import { rocAuc, rocAucInterval } from '../../../lib/metrics/roc-auc.ts';

// Inputs and scikit-learn 1.9.1's values of them, both made by bench/reference/metrics.py.
interface Fixture {
  labels: number[];
  predictions: number[];
  weights: number[];
  numClasses?: number;
  plain: Expected;
  weighted: Expected;
}
type Expected = Record<string, number> & {
  [average in Average]?: Record<string, number>;
} & { confusion: number[]; rocCurve?: Point[]; precisionRecallCurve?: Point[] } & {
  calibration?: [observed: number[], predicted: number[]];
  rocAucInterval?: number[];
};
type Point = [number, number, number | null];

const folder = new URL('../../fixtures/metrics/', import.meta.url);

for (const file of readdirSync(folder)) {
  const fixture = JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as Fixture;
  for (const kind of ['plain', 'weighted'] as const) {
    const weights = kind === 'plain' ? undefined : fixture.weights;
    test(`metrics equal scikit-learn's on ${file}, ${kind}`, () => {
      if (fixture.numClasses) checkClassification(fixture, fixture.numClasses, fixture[kind], weights);
      else checkRegression(fixture, fixture[kind], weights);
    });
  }
}

function checkClassification(
  { labels, predictions: probabilities }: Fixture,
  numClasses: number,
  expected: Expected,
  weights: number[] | undefined,
): void {
  const predicted = labels.map((_, i) => {
    const row = probabilities.slice(i * numClasses, (i + 1) * numClasses);
    return row.indexOf(Math.max(...row));
  });
  const same = <P>(metric: Metric<P>, inputs: number[], value: number) =>
    close(inParts(metric, labels, inputs, weights), value, metric.name);
  same(accuracy, predicted, expected.accuracy);
  same(balancedAccuracy, predicted, expected.balancedAccuracy);
  closeAll(confusionMatrix(countPairs(labels, predicted, weights), numClasses), expected.confusion, 'confusion');
  same(logLoss(numClasses), probabilities, expected.logLoss);
  same(brier(numClasses), probabilities, expected.brier);
  for (const average of ['macro', 'micro', 'weighted', 'binary'] as const) {
    const scores = expected[average];
    if (!scores) continue;
    same(precision(average), predicted, scores.precision);
    same(recall(average), predicted, scores.recall);
    same(f1(average), predicted, scores.f1);
    if (average === 'micro' || average === 'binary') continue;
    same(rocAuc(numClasses, average), probabilities, scores.rocAuc);
    same(averagePrecision(numClasses, average), probabilities, scores.averagePrecision);
  }
  const scores = labels.map((_, i) => probabilities[i * numClasses + 1]);
  if (expected.rocCurve && expected.precisionRecallCurve) {
    const counts = countPairs(labels, scores, weights);
    const roc = rocCurve(counts).map((point) => [point.falsePositiveRate, point.truePositiveRate, point.threshold]);
    // scikit-learn leaves rows without weight in the precision-recall curve, as points that repeat the one before
    const withoutRepeats = expected.precisionRecallCurve.filter(
      ([, , cut], i) => i === 0 || roc.some(([, , ours]) => ours === cut),
    );
    const points = precisionRecallCurve(counts).map((point) => [point.precision, point.recall, point.threshold]);
    closeAll(roc.flat().map(Number), expected.rocCurve.flat().map(Number), 'rocCurve');
    closeAll(points.flat().map(Number), withoutRepeats.flat().map(Number), 'precisionRecallCurve');
  }
  if (expected.rocAucInterval) closeAll(rocAucInterval(countPairs(labels, scores)), expected.rocAucInterval, 'DeLong');
  if (expected.calibration) {
    const [observed, means] = expected.calibration;
    const parts = [calibrationCounts(labels.slice(0, 7), scores.slice(0, 7)), calibrationCounts([], [])];
    parts.push(calibrationCounts(labels.slice(7), scores.slice(7)));
    const table = calibrationTable(mergeCalibration(parts)).filter(({ rows }) => rows > 0);
    closeAll(
      table.map((bin) => bin.observed!),
      observed,
      'observed',
    );
    closeAll(
      table.map((bin) => bin.predicted!),
      means,
      'predicted',
    );
  }
}

function checkRegression({ labels, predictions }: Fixture, expected: Expected, weights: number[] | undefined): void {
  const same = <P>(metric: Metric<P>) =>
    close(inParts(metric, labels, predictions, weights), expected[metric.name], metric.name);
  same(r2);
  same(meanAbsoluteError);
  same(rootMeanSquaredError);
}

/** The value merged from four unequal partitions, two of them empty, each sent through JSON. */
function inParts<P>(metric: Metric<P>, labels: number[], predictions: number[], weights?: number[]): number {
  const width = predictions.length / labels.length;
  const ends = [0, 0, 5, 5, labels.length];
  const parts = ends
    .slice(1)
    .map((end, i) =>
      metric.partial(
        labels.slice(ends[i], end),
        predictions.slice(ends[i] * width, end * width),
        weights?.slice(ends[i], end),
      ),
    );
  return metric.value(metric.merge(JSON.parse(JSON.stringify(parts)) as P[]));
}

function close(actual: number, expected: number, what: string): void {
  assert.ok(Math.abs(actual - expected) <= 1e-12 * Math.max(1, Math.abs(expected)), `${what}: ${actual}, ${expected}`);
}

function closeAll(actual: ArrayLike<number>, expected: readonly number[], what: string): void {
  assert.equal(actual.length, expected.length, what);
  expected.forEach((value, i) => {
    close(actual[i], value, `${what} at ${i}`);
  });
}
