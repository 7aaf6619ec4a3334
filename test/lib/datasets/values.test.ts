import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { InputError } from '../../../lib/base/errors.ts';
import { sinPi } from '../../../lib/base/numeric.ts';
import { createGenerator } from '../../../lib/datasets/generator.ts';
import type { RegressionDescription } from '../../../lib/datasets/regression.ts';
import type { Friedman1Spec, RegressionSpec } from '../../../lib/datasets/spec.ts';
import { score } from '../../../lib/metrics/metric.ts';
import { r2 } from '../../../lib/metrics/r2.ts';

const linear: RegressionSpec = { generator: 'regression', samples: 20_000, features: 6, seed: 3, informative: 3 };
const bent: Friedman1Spec = { generator: 'friedman1', samples: 20_000, features: 7, seed: 3 };

const mean = (values: ArrayLike<number>) => Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;
function assertClose(actual: number, expected: number, tolerance: number): void {
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual} is not ${expected} ± ${tolerance}`);
}

suite('regression', () => {
  test('values are the described coefficients times the features, plus the bias', () => {
    const generator = createGenerator({ ...linear, bias: 7 });
    const { coefficients, columns: roles } = generator.describe() as RegressionDescription;
    assert.equal(coefficients.filter((weight) => weight > 0 && weight < 100).length, 3);
    assert.equal(coefficients.filter((weight) => weight === 0).length, 3);
    for (const [j, { role }] of roles.entries()) assert.equal(role === 'informative', coefficients[j] > 0);
    const { columns, labels, truth } = generator.generate(0, 500);
    assert.ok(labels instanceof Float64Array);
    for (const [i, label] of labels.entries()) {
      const expected = columns.reduce((sum, column, j) => sum + coefficients[j] * column[i], 7);
      assertClose(label, expected, 1e-4); // columns are rounded to float32
      assert.equal(truth[i], label);
    }
  });

  test('noise is normal with the given deviation, and bounds R² by the ratio of variances', () => {
    const { labels, truth, columns } = createGenerator({ ...linear, noise: 50 }).generate(0, 20_000);
    const errors = Array.from(labels, (label, i) => label - truth[i]);
    assertClose(mean(errors), 0, (4 * 50) / Math.sqrt(20_000));
    assertClose(Math.sqrt(mean(errors.map((error) => error * error))), 50, 4 * 50 * Math.sqrt(0.5 / 20_000));
    for (const column of columns)
      assertClose(mean(column.map((x, i) => x * errors[i])), 0, (4 * 50) / Math.sqrt(20_000));
    const { coefficients } = createGenerator(linear).describe() as RegressionDescription;
    const signal = coefficients.reduce((sum, weight) => sum + weight * weight, 0);
    assertClose(score(r2, labels, truth), signal / (signal + 50 * 50), 0.01);
  });

  test('all features are informative if there are fewer than 10; without a shuffle the first ones are', () => {
    const { informative: _, ...byDefault } = linear;
    const describe = (spec: RegressionSpec) => (createGenerator(spec).describe() as RegressionDescription).coefficients;
    assert.ok(describe(byDefault).every((weight) => weight > 0));
    const [a, b, c, ...others] = describe({ ...linear, shuffle: false });
    assert.ok(a > 0 && b > 0 && c > 0);
    assert.deepEqual(others, [0, 0, 0]);
    assert.deepEqual(describe(linear).sort(), [a, b, c, ...others].sort());
  });
});

suite('friedman1', () => {
  test('values are the formula of the first five columns', () => {
    const { columns, labels } = createGenerator(bent).generate(0, 500);
    for (const [i, label] of labels.entries()) {
      const [a, b, c, d, e] = columns.map((column) => column[i]) as [number, number, number, number, number];
      assertClose(label, 10 * Math.sin(Math.PI * a * b) + 20 * (c - 0.5) ** 2 + 10 * d + 5 * e, 1e-5);
    }
  });

  test('features are uniform, and R² is bounded by the noise', () => {
    const { columns, labels, truth } = createGenerator({ ...bent, noise: 2 }).generate(0, 20_000);
    for (const column of columns) {
      assertClose(mean(column), 0.5, 4 * Math.sqrt(1 / 12 / 20_000));
      assertClose(mean(column.map((x) => (x - 0.5) ** 2)), 1 / 12, 4 * Math.sqrt(1 / 180 / 20_000));
    }
    const centre = mean(truth);
    const variance = mean(truth.map((value) => (value - centre) ** 2));
    assertClose(score(r2, labels, truth), variance / (variance + 4), 0.01);
  });

  test('friedman1 requires five features', () => {
    assert.throws(() => createGenerator({ ...bent, features: 4 }), InputError);
  });
});

for (const spec of [
  { ...linear, noise: 3 },
  { ...bent, noise: 3 },
]) {
  test(`${spec.generator}: a row is the same in any chunk and differs with the seed`, () => {
    const { labels, columns, truth } = createGenerator(spec).generate(0, 300);
    const part = createGenerator(spec).generate(117, 203);
    assert.deepEqual(part.labels, labels.slice(117, 203));
    assert.deepEqual(part.truth, truth.slice(117, 203));
    assert.deepEqual(
      part.columns,
      columns.map((column) => column.slice(117, 203)),
    );
    assert.notDeepEqual(createGenerator({ ...spec, seed: 4 }).generate(0, 300).labels, labels);
  });
}

test('sinPi is within 4e-16 of the sine, and 0 at both ends', () => {
  for (let i = 0; i <= 1000; i++) assertClose(sinPi(i / 1000), Math.sin(Math.PI * (i / 1000)), 4e-16);
  assert.deepEqual([sinPi(0), sinPi(1)], [0, 0]);
});
