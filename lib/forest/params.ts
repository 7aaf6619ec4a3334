// What a forest is asked to be.

import { InputError } from '../errors.ts';
import { MAX_SEED } from '../random.ts';

/**
 * Features tried per node: `'sqrt'` or `'log2'` of the features, a whole number of them, a fraction in (0, 1) of them,
 * or `null` for all.
 */
export type MaxFeatures = 'sqrt' | 'log2' | number | null;

/** Parameters of a forest; names are scikit-learn's in camelCase, save where a docstring gives the other. */
export interface ForestParams {
  /** Trees in the forest, from 1 to 100,000; scikit-learn: `n_estimators`. */
  numTrees: number;
  /** Features tried per node; scikit-learn: `max_features`, where 1.0 means all: here `null`. */
  maxFeatures: MaxFeatures;
  /** Most edges from the root to a leaf, from 1 up, or `null` for no limit; scikit-learn: `max_depth`. */
  maxDepth: number | null;
  /** Fewest distinct rows that a node must hold to be split, from 2 up; scikit-learn: `min_samples_split`. */
  minSamplesSplit: number;
  /** Fewest distinct rows in either child of a split, from 1 up; scikit-learn: `min_samples_leaf`. */
  minSamplesLeaf: number;
  /** Whether a tree sees as many rows drawn with replacement, or each row once; scikit-learn: `bootstrap`. */
  bootstrap: boolean;
  /** Whole number from 0 to 2^53 - 1; scikit-learn: `random_state`. */
  seed: number;
}

export const FOREST_DEFAULTS: ForestParams = {
  numTrees: 100,
  maxFeatures: 'sqrt',
  maxDepth: null,
  minSamplesSplit: 2,
  minSamplesLeaf: 1,
  bootstrap: true,
  seed: 0,
};

const MAX_TREES = 100_000; // a forest of a million nodes per hundred trees is 5 GB by then

/**
 * Check parameters.
 *
 * @throws {InputError} on a value out of range, or more features per node than there are
 */
export function validateForestParams(params: ForestParams, numFeatures: number): void {
  checkWhole('numTrees', params.numTrees, 1, MAX_TREES);
  if (params.maxDepth !== null) checkWhole('maxDepth', params.maxDepth, 1, MAX_SEED);
  checkWhole('minSamplesSplit', params.minSamplesSplit, 2, MAX_SEED);
  checkWhole('minSamplesLeaf', params.minSamplesLeaf, 1, MAX_SEED);
  checkWhole('seed', params.seed, 0, MAX_SEED);
  if (typeof params.bootstrap !== 'boolean') {
    throw new InputError(`bootstrap must be true or false, got ${params.bootstrap}`);
  }
  resolveMaxFeatures(params.maxFeatures, numFeatures);
}

/**
 * Number of features tried per node.
 *
 * @throws {InputError} on anything else than `MaxFeatures` allows, or more than there are
 * Source: scikit-learn 1.9.1, `BaseDecisionTree._fit`: fractions, roots and logarithms round down, to at least 1.
 */
export function resolveMaxFeatures(maxFeatures: MaxFeatures, numFeatures: number): number {
  if (maxFeatures === null) return numFeatures;
  if (maxFeatures === 'sqrt') return Math.max(1, Math.floor(Math.sqrt(numFeatures)));
  if (maxFeatures === 'log2') return Math.max(1, Math.floor(Math.log2(numFeatures)));
  if (maxFeatures > 0 && maxFeatures < 1) return Math.max(1, Math.floor(maxFeatures * numFeatures));
  if (!Number.isInteger(maxFeatures) || maxFeatures < 1 || maxFeatures > numFeatures) {
    const allowed = `'sqrt', 'log2', null, a whole number from 1 to ${numFeatures} or a fraction between 0 and 1`;
    throw new InputError(`maxFeatures must be ${allowed}, got ${maxFeatures}`);
  }
  return maxFeatures;
}

function checkWhole(name: string, value: number, min: number, max: number): void {
  if (!Number.isInteger(value) || value < min || value > max) {
    const range = max === MAX_SEED ? `from ${min} up` : `from ${min} to ${max}`;
    throw new InputError(`${name} must be a whole number ${range}, got ${value}`);
  }
}
