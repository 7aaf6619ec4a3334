import assert from 'node:assert/strict';
import { test } from 'node:test';
import { normalQuantile } from '../../../lib/base/numeric.ts';
import { RandomStream, STREAM } from '../../../lib/base/random.ts';
import { score } from '../../../lib/metrics/metric.ts';
import { r2 } from '../../../lib/metrics/r2.ts';
import { mergeR2Spreads, r2Interval, r2Spread } from '../../../lib/metrics/r2-interval.ts';

/** Draw values with noise around a line, and take the line as predictions. */
function draw(numRows: number, index: number, noise: number) {
  const random = new RandomStream(1, STREAM.values, index);
  const predictions = Float64Array.from({ length: numRows }, () => normalQuantile(random.nextOpen()));
  const labels = predictions.map((x) => x + noise * normalQuantile(random.nextOpen()));
  return { labels, predictions };
}

test('the interval contains the true R² in about 95 of 100 samples, for any noise', () => {
  for (const noise of [0.3, 1, 2]) {
    const truth = 1 / (1 + noise * noise);
    let numInside = 0;
    for (let i = 0; i < 1000; i++) {
      const { labels, predictions } = draw(200, i, noise);
      const [low, high] = r2Interval(score(r2, labels, predictions), r2Spread(labels, predictions, 0))!;
      if (low <= truth && truth <= high) numInside++;
    }
    // 950 ± 4 standard errors of a share, and the approximation's own bias
    assert.ok(numInside >= 915 && numInside <= 975, `${numInside} of 1000 with noise ${noise}`);
  }
});

test('partials merge to that of all rows, in any order', () => {
  const { labels, predictions } = draw(500, 1, 1);
  const whole = r2Spread(labels, predictions, 0.1);
  const cuts = [0, 1, 7, 200, 499, 500];
  const parts = cuts
    .slice(1)
    .map((end, i) => r2Spread(labels.slice(cuts[i], end), predictions.slice(cuts[i], end), 0.1));
  assert.deepEqual(mergeR2Spreads(parts), whole);
  assert.deepEqual(mergeR2Spreads(parts.reverse()), whole);
});

test('constant values have no interval, and exact predictions one of width 0', () => {
  const same = Float64Array.of(2, 2, 2);
  assert.equal(r2Interval(1, r2Spread(same, same, 2)), null);
  const right = Float64Array.of(1, 2, 4);
  assert.deepEqual(r2Interval(1, r2Spread(right, right, 2)), [1, 1]);
});
