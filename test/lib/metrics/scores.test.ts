import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RandomStream } from '../../../lib/base/random.ts';
import { countPairs } from '../../../lib/metrics/confusion.ts';
import { precisionRecallCurve, rocCurve } from '../../../lib/metrics/curves.ts';
import { score } from '../../../lib/metrics/metric.ts';
import { r2 } from '../../../lib/metrics/r2.ts';
import { measureRocAuc, rocAuc, rocAucError } from '../../../lib/metrics/roc-auc.ts';
import { countClassScores } from '../../../lib/metrics/score-counts.ts';

const stream = new RandomStream(1, 0);
const numRows = 5000;
const chances = Array.from({ length: numRows }, () => stream.nextUnit());
const labels = chances.map((chance) => (stream.nextUnit() < chance ? 1 : 0));
const probabilities = chances.flatMap((chance) => [1 - chance, chance]);

test('rounded scores bound the number of counts, and rocAucError bounds the error of the AUC', () => {
  const exact = score(rocAuc(2), labels, probabilities);
  for (const steps of [10, 100, 1000]) {
    const counts = countClassScores(labels, probabilities, 2, { steps });
    assert.ok(counts[0].length <= 2 * (steps + 1), `${counts[0].length} counts`);
    const error = Math.abs(measureRocAuc(counts) - exact);
    const bound = rocAucError(counts);
    assert.ok(error <= bound && bound < 1 / steps, `${error} of at most ${bound}`);
  }
});

test('rounding changes nothing where each tree votes for one class and steps divide the votes', () => {
  const votes = chances.map((chance) => Math.floor(chance * 101) / 100);
  const voteShares = votes.flatMap((vote) => [1 - vote, vote]);
  const counts = countClassScores(labels, voteShares, 2, { steps: 1000 });
  assert.equal(measureRocAuc(counts), score(rocAuc(2), labels, voteShares));
});

test('curves have at most the requested points, both ends and non-decreasing rates', () => {
  const counts = countPairs(labels, chances);
  const full = rocCurve(counts, numRows + 1);
  const thinned = rocCurve(counts, 50);
  assert.equal(full.length, numRows + 1);
  assert.ok(thinned.length <= 50 && thinned.length > 45, `${thinned.length} points`);
  assert.deepEqual([thinned[0], thinned.at(-1)], [full[0], full.at(-1)]);
  const area = (points: typeof full) =>
    points.slice(1).reduce((sum, point, i) => {
      const before = points[i];
      assert.ok(
        point.falsePositiveRate >= before.falsePositiveRate && point.truePositiveRate >= before.truePositiveRate,
      );
      const width = point.falsePositiveRate - before.falsePositiveRate;
      return sum + (width * (point.truePositiveRate + before.truePositiveRate)) / 2;
    }, 0);
  assert.ok(Math.abs(area(full) - score(rocAuc(2), labels, probabilities)) < 1e-12);
  assert.ok(Math.abs(area(thinned) - area(full)) < 1e-3);
  const precisionRecall = precisionRecallCurve(counts, 50);
  assert.ok(precisionRecall.length <= 50);
  assert.deepEqual(precisionRecall[0], { threshold: null, precision: 1, recall: 0 });
  assert.equal(precisionRecall.at(-1)!.recall, 1);
});

test('R² is exact where the true values are far from 0', () => {
  // true values 1e15 + (0, 1, 2, 3), one prediction off by 1: 1 - 1 / 5
  const far = [0, 1, 2, 3].map((i) => 1e15 + i);
  assert.equal(score(r2, far, [far[0], far[1], far[2], far[3] - 1]), 0.8);
  assert.equal(score(r2, [0.1, 0.1, 0.1], [0.1, 0.1, 0.1]), 1);
  assert.equal(score(r2, [0.1, 0.1, 0.1], [0.1, 0.1, 0.2]), 0);
});
