import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  FOREST_DEFAULTS,
  type ForestParams,
  resolveMaxFeatures,
  validateForestParams,
} from '../../../lib/forest/params.ts';

test('the number of features tried per node rounds down, to at least one', () => {
  // as scikit-learn 1.9.1 computes max_features_
  assert.equal(resolveMaxFeatures('sqrt', 20), 4);
  assert.equal(resolveMaxFeatures('log2', 20), 4);
  assert.equal(resolveMaxFeatures('log2', 1), 1);
  assert.equal(resolveMaxFeatures(0.5, 21), 10);
  assert.equal(resolveMaxFeatures(0.01, 20), 1);
  assert.equal(resolveMaxFeatures(7, 20), 7);
  assert.equal(resolveMaxFeatures(1, 20), 1);
  assert.equal(resolveMaxFeatures(null, 20), 20);
});

test('the default parameters are valid', () => {
  validateForestParams(FOREST_DEFAULTS, 1);
});

const maxFeaturesMessage = (got: unknown) =>
  `maxFeatures must be 'sqrt', 'log2', null, an integer from 1 to 20 or a fraction between 0 and 1, got ${got}`;
const REFUSED: [Partial<Record<keyof ForestParams, unknown>>, string][] = [
  [{ numTrees: 0 }, 'numTrees must be an integer from 1 to 100000, got 0'],
  [{ numTrees: 1.5 }, 'numTrees must be an integer from 1 to 100000, got 1.5'],
  [{ maxDepth: 0 }, 'maxDepth must be an integer ≥ 1, got 0'],
  [{ minSamplesSplit: 1 }, 'minSamplesSplit must be an integer ≥ 2 or a fraction between 0 and 1, got 1'],
  [{ minSamplesLeaf: 0 }, 'minSamplesLeaf must be an integer ≥ 1 or a fraction between 0 and 1, got 0'],
  [{ seed: -1 }, 'seed must be an integer ≥ 0, got -1'],
  [{ bootstrap: 'yes' }, 'bootstrap must be true or false, got yes'],
  [{ minSamplesLeaf: 1.5 }, 'minSamplesLeaf must be an integer ≥ 1 or a fraction between 0 and 1, got 1.5'],
  [{ criterion: 'mse' }, 'criterion must be gini, entropy, log_loss for a target of classes, got mse'],
  [{ criterion: 'poisson' }, 'criterion must be gini, entropy, log_loss for a target of classes, got poisson'],
  [{ splitter: 'worst' }, 'splitter must be best or random, got worst'],
  [{ minWeightFractionLeaf: 0.6 }, 'minWeightFractionLeaf must be a number from 0 to 0.5, got 0.6'],
  [{ minImpurityDecrease: Number.NaN }, 'minImpurityDecrease must be a number ≥ 0, got NaN'],
  [{ ccpAlpha: -1 }, 'ccpAlpha must be a number ≥ 0, got -1'],
  [{ maxLeafNodes: 1 }, 'maxLeafNodes must be an integer ≥ 2, got 1'],
  [{ maxSamples: 0 }, 'maxSamples must be an integer ≥ 1 or a fraction between 0 and 1, got 0'],
  [{ maxSamples: 5, bootstrap: false }, 'maxSamples needs bootstrap, got 5 without it'],
  [{ classWeight: [1] }, 'classWeight must be balanced, balanced_subsample, null or 2 numbers ≥ 0, got [1]'],
  [{ classWeight: [1, -1] }, 'classWeight must be balanced, balanced_subsample, null or 2 numbers ≥ 0, got [1,-1]'],
  [
    { monotonicConstraints: [1] },
    'monotonicConstraints must be null, or -1, 0 or 1 for each feature, 20 in all, got [1]',
  ],
  [{ maxFeatures: 0 }, maxFeaturesMessage(0)],
  [{ maxFeatures: 21 }, maxFeaturesMessage(21)],
  [{ maxFeatures: 1.5 }, maxFeaturesMessage(1.5)],
  [{ maxFeatures: 'all' }, maxFeaturesMessage('"all"')],
];
for (const [options, message] of REFUSED) {
  test(`${JSON.stringify(options)} is rejected with the values allowed`, () => {
    const params = { ...FOREST_DEFAULTS, ...options } as ForestParams;
    assert.throws(() => validateForestParams(params, 20), { name: 'InputError', message });
  });
}

test('parameters that do not apply to regression are rejected', () => {
  const message = 'classWeight does not apply to regression; remove it, got balanced';
  const params: ForestParams = { ...FOREST_DEFAULTS, classWeight: 'balanced' };
  assert.throws(() => validateForestParams(params, 20, 0), { name: 'InputError', message });
  const criterion = 'criterion must be squared_error, absolute_error, poisson for a target of values, got gini';
  assert.throws(() => validateForestParams({ ...FOREST_DEFAULTS, criterion: 'gini' }, 20, 0), { message: criterion });
});

test('monotonic constraints with more than two classes are rejected', () => {
  const params = { ...FOREST_DEFAULTS, monotonicConstraints: [1, 0] };
  const message = 'monotonicConstraints support at most 2 classes, got 3';
  assert.throws(() => validateForestParams(params, 2, 3), { name: 'InputError', message });
});
