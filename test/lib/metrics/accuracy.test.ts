import assert from 'node:assert/strict';
import { test } from 'node:test';
import { measureAccuracy } from '../../../lib/metrics/accuracy.ts';
import { countPairs, mergePairs } from '../../../lib/metrics/confusion.ts';

// 7 rows, 5 right: scikit-learn's accuracy_score gives 0.7142857142857143
const labels = [0, 1, 2, 2, 1, 0, 1];
const predicted = [0, 1, 2, 1, 1, 0, 0];

test('accuracy is the share of equal pairs, also when merged from unequal partitions', () => {
  const whole = measureAccuracy(countPairs(labels, predicted));
  assert.equal(whole.accuracy, 0.7142857142857143);
  const parts = [
    countPairs(labels.slice(0, 5), predicted.slice(0, 5)),
    [],
    countPairs(labels.slice(5), predicted.slice(5)),
  ];
  assert.deepEqual(measureAccuracy(mergePairs(parts)), whole);
  assert.deepEqual(mergePairs(parts), countPairs(labels, predicted));
});

test("the interval is Wilson's", () => {
  // scipy.stats.binomtest(9000, 10000).proportion_ci(method='wilson')
  const [low, high] = measureAccuracy([
    [0, 0, 9000],
    [0, 1, 1000],
  ]).interval;
  assert.ok(
    Math.abs(low - 0.8939656314740894) < 1e-12 && Math.abs(high - 0.9057271698293695) < 1e-12,
    `${low} ${high}`,
  );
  assert.deepEqual(measureAccuracy([[0, 0, 5]]).interval[1], 1);
});

test('zero rows and unequal lengths are rejected', () => {
  assert.throws(() => measureAccuracy([]), { name: 'InputError' });
  assert.throws(() => countPairs([1], []), { name: 'InputError' });
});
