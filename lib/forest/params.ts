// Parameters of a forest: defaults, checks, and the values they resolve to on a table.

import { InputError } from '../base/errors.ts';
import { quote } from '../base/quote.ts';
import { MAX_SEED } from '../base/random.ts';
import { MAX_FEATURES, MAX_TREES } from './tree.ts';

/**
 * Features tried per node: `'sqrt'` or `'log2'` of their number, an integer, a fraction in (0, 1) of their number,
 * or `null` for all.
 */
export type MaxFeatures = 'sqrt' | 'log2' | number | null;

export const CLASS_CRITERIA = ['gini', 'entropy', 'log_loss'] as const;
export const VALUE_CRITERIA = ['squared_error', 'absolute_error', 'poisson'] as const;
/** The impurity that a cut decreases; `log_loss` is another name of `entropy`. */
export type Criterion = (typeof CLASS_CRITERIA)[number] | (typeof VALUE_CRITERIA)[number];

/** Parameters of a forest; names are scikit-learn's in camelCase, except where a docstring gives scikit-learn's name. */
export interface ForestParams {
  /** Trees in the forest, from 1 to 100,000; scikit-learn: `n_estimators`. */
  numTrees: number;
  /** Features tried per node; scikit-learn: `max_features`, where 1.0 means all: here `null`. */
  maxFeatures: MaxFeatures;
  /** Maximum number of edges from the root to a leaf, ≥ 1, or `null` for no limit; scikit-learn: `max_depth`. */
  maxDepth: number | null;
  /**
   * Minimum number of distinct rows in a node that may be split, ≥ 2, or a fraction in (0, 1) of all rows;
   * scikit-learn: `min_samples_split`.
   */
  minSamplesSplit: number;
  /**
   * Minimum number of distinct rows in each child of a split, ≥ 1, or a fraction in (0, 1) of all rows; scikit-learn:
   * `min_samples_leaf`.
   */
  minSamplesLeaf: number;
  /** Whether a tree sees rows drawn with replacement, as many as there are, or each row once; scikit-learn: `bootstrap`. */
  bootstrap: boolean;
  /** Integer from 0 to 2^53 - 1; scikit-learn: `random_state`. */
  seed: number;
  /** The impurity that a cut decreases. @default 'gini' for classification, 'squared_error' for regression */
  criterion?: Criterion;
  /** `'random'` draws one cut per feature, as extra-trees do; scikit-learn: `splitter` of a tree. @default 'best' */
  splitter?: 'best' | 'random';
  /** Minimum share of a tree's weight in each child, from 0 to 0.5; scikit-learn: `min_weight_fraction_leaf`. @default 0 */
  minWeightFractionLeaf?: number;
  /** Maximum number of leaves, ≥ 2; the best cut is made first; scikit-learn: `max_leaf_nodes`. @default null, no limit */
  maxLeafNodes?: number | null;
  /**
   * Minimum decrease of impurity, times the node's share of the tree's weight, ≥ 0; scikit-learn:
   * `min_impurity_decrease`. @default 0
   */
  minImpurityDecrease?: number;
  /**
   * Rows drawn by the bootstrap, ≥ 1, or a fraction in (0, 1) of the rows (of their total weight, if weighted);
   * scikit-learn: `max_samples`. @default null, the number of rows
   */
  maxSamples?: number | null;
  /**
   * Weight of each class, in class order; `'balanced'` weighs them inversely to their frequency, `'balanced_subsample'`
   * inversely to their frequency in each tree's sample; scikit-learn: `class_weight`. @default null, all weigh 1
   */
  classWeight?: 'balanced' | 'balanced_subsample' | readonly number[] | null;
  /** Cost of a leaf, ≥ 0, in minimal cost-complexity pruning; scikit-learn: `ccp_alpha`. @default 0, none */
  ccpAlpha?: number;
  /**
   * For each feature 1 if the prediction (with two classes, the probability of the second) may only rise with it,
   * -1 if it may only fall, else 0; scikit-learn: `monotonic_cst`. @default null, none
   */
  monotonicConstraints?: readonly number[] | null;
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

/** Parameters of which the kernel supports every value. */
type SupportedByKernel =
  | 'numTrees'
  | 'maxFeatures'
  | 'maxDepth'
  | 'minSamplesSplit'
  | 'minSamplesLeaf'
  | 'bootstrap'
  | 'seed';

/** The only supported values of all other parameters; for regression the kernel needs the squared error. */
const PLAIN = {
  criterion: 'gini',
  splitter: 'best',
  minWeightFractionLeaf: 0,
  maxLeafNodes: null,
  minImpurityDecrease: 0,
  maxSamples: null,
  classWeight: null,
  ccpAlpha: 0,
  monotonicConstraints: null,
} as const satisfies Required<Omit<ForestParams, SupportedByKernel>>;

/** The first parameter whose value the kernel does not support. */
export function findBeyondPlain(params: Partial<ForestParams>): keyof typeof PLAIN | undefined {
  const names = Object.keys(PLAIN) as (keyof typeof PLAIN)[];
  return names.find(
    (name) => params[name] !== undefined && params[name] !== PLAIN[name] && params[name] !== 'squared_error',
  );
}

export type Trainer = 'classes' | 'values' | 'extra' | 'general';

/**
 * Choose the fastest trainer that supports the request: the kernel's trainers for classes, for values (also for two
 * classes with missing values or categorical features) and for random cuts, else the general trainer.
 *
 * @param numClasses 0 for regression
 * @param isPlain whether no value is missing, no feature is categorical and no row is weighted
 */
export function chooseTrainer(
  params: ForestParams,
  { numClasses, isPlain = true, hasWeights = false }: { numClasses: number; isPlain?: boolean; hasWeights?: boolean },
): Trainer {
  const { splitter, ...others } = params;
  if (hasWeights || findBeyondPlain(others) !== undefined) return 'general';
  if (splitter === 'random') return isPlain ? 'extra' : 'general';
  if (numClasses === 0) return 'values';
  if (isPlain) return 'classes';
  return numClasses === 2 ? 'values' : 'general';
}

/** The parameters resolved for a table. */
export interface ResolvedParams extends Required<ForestParams> {
  /** Always integers: fractions and names are resolved. */
  maxFeatures: number;
  minSamplesSplit: number;
  minSamplesLeaf: number;
}

/**
 * Fill in the defaults and resolve fractions.
 *
 * @param numRows rows of the whole table
 * @param numClasses 0 for regression
 * @throws {InputError} as `validateForestParams`
 */
export function resolveParams(
  params: ForestParams,
  numRows: number,
  numFeatures: number,
  numClasses: number,
): ResolvedParams {
  validateForestParams(params, numFeatures, numClasses);
  return {
    ...params,
    criterion: params.criterion ?? (numClasses > 0 ? 'gini' : 'squared_error'),
    splitter: params.splitter ?? 'best',
    minWeightFractionLeaf: params.minWeightFractionLeaf ?? 0,
    maxLeafNodes: params.maxLeafNodes ?? null,
    minImpurityDecrease: params.minImpurityDecrease ?? 0,
    maxSamples: params.maxSamples ?? null,
    classWeight: params.classWeight ?? null,
    ccpAlpha: params.ccpAlpha ?? 0,
    monotonicConstraints: params.monotonicConstraints?.some((sign) => sign !== 0) ? params.monotonicConstraints : null,
    maxFeatures: resolveMaxFeatures(params.maxFeatures, numFeatures),
    // fractions as in scikit-learn 1.9.1, `BaseDecisionTree._fit`
    minSamplesSplit: Math.max(2, resolveCount(params.minSamplesSplit, numRows)),
    minSamplesLeaf: resolveCount(params.minSamplesLeaf, numRows),
  };
}

/**
 * Check parameters.
 *
 * @param numClasses 0 for regression
 * @throws {InputError} on a value out of range, one that does not apply to the target, or more features per node than
 *   exist
 */
export function validateForestParams(params: ForestParams, numFeatures: number, numClasses = 2): void {
  checkWhole('numTrees', params.numTrees, 1, MAX_TREES);
  if (params.maxDepth !== null) checkWhole('maxDepth', params.maxDepth, 1, MAX_SEED);
  checkCount('minSamplesSplit', params.minSamplesSplit, 2);
  checkCount('minSamplesLeaf', params.minSamplesLeaf, 1);
  checkWhole('seed', params.seed, 0, MAX_SEED);
  if (typeof params.bootstrap !== 'boolean') {
    throw new InputError(`bootstrap must be true or false, got ${params.bootstrap}`);
  }
  resolveMaxFeatures(params.maxFeatures, numFeatures);
  const { criterion, splitter = 'best', maxLeafNodes = null, maxSamples = null } = params;
  const criteria: readonly string[] = numClasses > 0 ? CLASS_CRITERIA : VALUE_CRITERIA;
  if (criterion !== undefined && !criteria.includes(criterion)) {
    const target = numClasses > 0 ? 'classes' : 'values';
    throw new InputError(`criterion must be ${criteria.join(', ')} for a target of ${target}, got ${criterion}`);
  }
  if (splitter !== 'best' && splitter !== 'random') {
    throw new InputError(`splitter must be best or random, got ${splitter}`);
  }
  checkNumber('minWeightFractionLeaf', params.minWeightFractionLeaf ?? 0, 0.5);
  checkNumber('minImpurityDecrease', params.minImpurityDecrease ?? 0);
  checkNumber('ccpAlpha', params.ccpAlpha ?? 0);
  if (maxLeafNodes !== null) checkWhole('maxLeafNodes', maxLeafNodes, 2, MAX_SEED);
  if (maxSamples !== null) {
    checkCount('maxSamples', maxSamples, 1);
    if (!params.bootstrap) throw new InputError(`maxSamples needs bootstrap, got ${maxSamples} without it`);
  }
  checkClassWeight(params.classWeight ?? null, numClasses);
  checkMonotonic(params.monotonicConstraints ?? null, numFeatures, numClasses);
}

/**
 * Resolve the number of features tried per node.
 *
 * @throws {InputError} on a value that `MaxFeatures` does not allow, or more features than exist
 * Source: scikit-learn 1.9.1, `BaseDecisionTree._fit`: fractions, roots and logarithms round down, to at least 1.
 */
export function resolveMaxFeatures(maxFeatures: MaxFeatures, numFeatures: number): number {
  if (maxFeatures === null) return numFeatures;
  if (maxFeatures === 'sqrt') return Math.max(1, Math.floor(Math.sqrt(numFeatures)));
  if (maxFeatures === 'log2') return Math.max(1, Math.floor(Math.log2(numFeatures)));
  if (isFraction(maxFeatures)) return Math.max(1, Math.floor(maxFeatures * numFeatures));
  if (!Number.isInteger(maxFeatures) || maxFeatures < 1 || maxFeatures > numFeatures) {
    const allowed = `'sqrt', 'log2', null, an integer from 1 to ${numFeatures} or a fraction between 0 and 1`;
    throw new InputError(`maxFeatures must be ${allowed}, got ${quote(maxFeatures)}`);
  }
  return maxFeatures;
}

/** Whether a value is a fraction, not a count. */
export function isFraction(value: number): boolean {
  return value > 0 && value < 1;
}

function resolveCount(value: number, numRows: number): number {
  return isFraction(value) ? Math.ceil(value * numRows) : value;
}

function checkClassWeight(classWeight: Required<ForestParams>['classWeight'], numClasses: number): void {
  if (classWeight === null) return;
  if (numClasses === 0) throw new InputError(`classWeight does not apply to regression; remove it, got ${classWeight}`);
  if (classWeight === 'balanced' || classWeight === 'balanced_subsample') return;
  const isWeight = (weight: unknown) => typeof weight === 'number' && weight >= 0 && weight < Number.POSITIVE_INFINITY;
  if (!Array.isArray(classWeight) || classWeight.length !== numClasses || !classWeight.every(isWeight)) {
    const allowed = `balanced, balanced_subsample, null or ${numClasses} numbers ≥ 0`;
    throw new InputError(`classWeight must be ${allowed}, got ${JSON.stringify(classWeight)}`);
  }
}

function checkMonotonic(signs: readonly number[] | null, numFeatures: number, numClasses: number): void {
  if (signs === null) return;
  if (!Array.isArray(signs) || signs.length !== numFeatures || !signs.every((sign) => [-1, 0, 1].includes(sign))) {
    const count = numFeatures === MAX_FEATURES ? '' : `, ${numFeatures} in all`;
    const allowed = `null, or -1, 0 or 1 for each feature${count}`;
    throw new InputError(`monotonicConstraints must be ${allowed}, got ${JSON.stringify(signs)}`);
  }
  if (numClasses > 2 && signs.some((sign) => sign !== 0)) {
    throw new InputError(`monotonicConstraints support at most 2 classes, got ${numClasses}`);
  }
}

function checkCount(name: string, value: number, min: number): void {
  if (isFraction(value) || (Number.isSafeInteger(value) && value >= min)) return;
  throw new InputError(`${name} must be an integer ≥ ${min} or a fraction between 0 and 1, got ${quote(value)}`);
}

function checkNumber(name: string, value: number, max = Number.MAX_VALUE): void {
  if (typeof value === 'number' && value >= 0 && value <= max) return;
  const range = max === Number.MAX_VALUE ? '≥ 0' : `from 0 to ${max}`;
  throw new InputError(`${name} must be a number ${range}, got ${quote(value)}`);
}

/** @throws {InputError} when the value is not an integer from `min` to `max` */
export function checkWhole(name: string, value: number, min: number, max: number): void {
  if (!Number.isInteger(value) || value < min || value > max) {
    const range = max === MAX_SEED ? (value > max ? `up to 2^53 - 1` : `≥ ${min}`) : `from ${min} to ${max}`;
    throw new InputError(`${name} must be an integer ${range}, got ${quote(value)}`);
  }
}
