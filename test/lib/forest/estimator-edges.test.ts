import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InputError } from '../../../lib/base/errors.ts';
import { RandomStream, STREAM } from '../../../lib/base/random.ts';
import { RandomForestClassifier } from '../../../lib/forest/classifier.ts';
import { RandomForestRegressor } from '../../../lib/forest/regressor.ts';

test('a Poisson tree has no leaf of 0, even after rounding', () => {
  for (let seed = 0; seed < 40; seed++) {
    const random = new RandomStream(seed, STREAM.values, 0);
    const numRows = 100;
    const columns = [0, 1, 2].map(() => Float32Array.from({ length: numRows }, () => random.nextUint32() % 16));
    // tenths add up with rounding; half are 0
    const targets = Array.from({ length: numRows }, () => Math.max(0, (random.nextUint32() % 20) - 10) / 10);
    const forest = new RandomForestRegressor({ criterion: 'poisson', numTrees: 10, seed }).fit(columns, targets);
    assert.ok(forest.featureImportances.every(Number.isFinite), `seed ${seed}`);
    assert.ok(forest.predict(columns).every((value) => value > 0));
  }
});

test('the out-of-bag score of equal targets is 1 or 0, as for R²', () => {
  for (const value of [3, 0.1, 0]) {
    const forest = new RandomForestRegressor({ numTrees: 20, oobScore: true });
    forest.fit([Float32Array.from([1, 2, 3, 4])], [value, value, value, value]);
    assert.deepEqual([forest.oobScore, forest.oobCoverage], [1, 1]);
  }
});

test('trees added in threads equal trees added without threads', async () => {
  const columns = [Float32Array.from({ length: 60 }, (_, row) => (row * 7) % 60)];
  const labels = columns[0].map((value) => Number(value > 30));
  const make = () => new RandomForestClassifier({ numTrees: 3, oobScore: true, seed: 4 }).fit(columns, labels);
  const inThreads = await make().addTreesInThreads(5, columns, labels, {}, 2);
  const alone = make().addTrees(5, columns, labels);
  assert.deepEqual(inThreads.toBytes(), alone.toBytes());
  assert.equal(inThreads.oobScore, alone.oobScore);
});

test('invalid input is rejected with the value received', async () => {
  const rows = [Float32Array.of(1, 2, 3, 4)];
  const fit = (...args: unknown[]) => {
    const forest = new RandomForestRegressor({ numTrees: 1 }) as unknown as { fit(...args: unknown[]): unknown };
    return forest.fit(...args);
  };
  for (const [args, message] of [
    [[undefined, [1]], /rows must be a Float32Array for each feature, or \{ values, numFeatures \}, got undefined/],
    [[{}, [1]], /rows must be a Float32Array for each feature/],
    [[rows], /the target must be a list, got undefined/],
    [[{ values: ['a', 1], numFeatures: 1 }, [1, 2]], /feature 0 of row 0 must be a number, got "a"/],
    [[rows, [1, 2, 3, 1e141]], /value of row 3 must be a number from -1e\+140 to 1e\+140, got 1e\+141/],
    [[rows, [1, 2, 3, '4']], /value of row 3 must be a number .*, got "4"/],
    [
      [rows, [1, 2, 3, 4], { sampleWeights: [1, 1, 1, 1] }],
      /unknown option of fit sampleWeights; known are sampleWeight/,
    ],
    [[rows, [1, 2, 3, 4], { sampleWeight: ['1', 1, 1, 1] }], /sampleWeight of row 0 must be a number ≥ 0, got "1"/],
  ] as [unknown[], RegExp][]) {
    assert.throws(
      () => fit(...args),
      (error) => error instanceof InputError && message.test(error.message),
      String(message),
    );
  }
  const constrained = new RandomForestClassifier({ numTrees: 1, monotonicConstraints: [1] });
  assert.throws(() => constrained.fit(rows, [0, 0, 1, 1], { categorical: [0] }), /feature 0 holds categories/);
  assert.throws(() => new RandomForestClassifier({ maxFeatures: 0 }), /an integer from 1 to 65535 .*, got 0/);
  assert.throws(() => new RandomForestClassifier({ seed: 2 ** 53 }), /seed must be an integer up to 2\^53 - 1/);
});
