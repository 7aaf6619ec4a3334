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
  `maxFeatures must be 'sqrt', 'log2', null, a whole number from 1 to 20 or a fraction between 0 and 1, got ${got}`;
const REFUSED: [Partial<Record<keyof ForestParams, unknown>>, string][] = [
  [{ numTrees: 0 }, 'numTrees must be a whole number from 1 to 100000, got 0'],
  [{ numTrees: 1.5 }, 'numTrees must be a whole number from 1 to 100000, got 1.5'],
  [{ maxDepth: 0 }, 'maxDepth must be a whole number from 1 up, got 0'],
  [{ minSamplesSplit: 1 }, 'minSamplesSplit must be a whole number from 2 up, got 1'],
  [{ minSamplesLeaf: 0 }, 'minSamplesLeaf must be a whole number from 1 up, got 0'],
  [{ seed: -1 }, 'seed must be a whole number from 0 up, got -1'],
  [{ bootstrap: 'yes' }, 'bootstrap must be true or false, got yes'],
  [{ maxFeatures: 0 }, maxFeaturesMessage(0)],
  [{ maxFeatures: 21 }, maxFeaturesMessage(21)],
  [{ maxFeatures: 1.5 }, maxFeaturesMessage(1.5)],
  [{ maxFeatures: 'all' }, maxFeaturesMessage('all')],
];
for (const [options, message] of REFUSED) {
  test(`${JSON.stringify(options)} is refused with the values allowed`, () => {
    const params = { ...FOREST_DEFAULTS, ...options } as ForestParams;
    assert.throws(() => validateForestParams(params, 20), { name: 'InputError', message });
  });
}
