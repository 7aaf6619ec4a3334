// Checks and stores the options of the estimator classes.

import { InputError } from '../base/errors.ts';
import { quote } from '../base/quote.ts';
import { MAX_BINS } from './bins.ts';
import type { ClassLabel } from './model.ts';
import { FOREST_DEFAULTS, type ForestParams, validateForestParams } from './params.ts';
import { MAX_FEATURES } from './tree.ts';

/** Weights by class: `new Map([['cat', 1], ['dog', 2]])` or its entries. Omitted classes weigh 1. */
export type ClassWeights = ReadonlyMap<ClassLabel, number> | readonly (readonly [ClassLabel, number])[];

export interface EstimatorOptions extends Partial<Omit<ForestParams, 'classWeight' | 'splitter'>> {
  /** Another name of `numTrees`, the one that runs use. */
  trees?: number;
  /** Weights of the classes; scikit-learn: `class_weight`. @default null, all weigh 1 */
  classWeight?: 'balanced' | 'balanced_subsample' | ClassWeights | null;
  /** Maximum number of bins of a feature, from 2 to 255. @default 255 */
  maxBins?: number;
  /** Whether each distinct value, up to 65,535 of a feature, gets a bin, as in scikit-learn; for small data. @default false */
  exact?: boolean;
  /** Whether `fit` computes the out-of-bag score; scikit-learn: `oob_score`. @default false */
  oobScore?: boolean;
}

/** Checked options: all present, in a fixed order. */
export interface ParsedOptions {
  params: Omit<ForestParams, 'classWeight'>;
  classWeight: 'balanced' | 'balanced_subsample' | readonly (readonly [ClassLabel, number])[] | null;
  maxBins: number;
  exact: boolean;
  oobScore: boolean;
}

/** Parameters of the forest that are options, in the order in which models store them; the compiler requires all. */
const PARAM_OPTIONS = {
  numTrees: true,
  criterion: true,
  maxDepth: true,
  minSamplesSplit: true,
  minSamplesLeaf: true,
  minWeightFractionLeaf: true,
  maxFeatures: true,
  maxLeafNodes: true,
  minImpurityDecrease: true,
  bootstrap: true,
  maxSamples: true,
  ccpAlpha: true,
  monotonicConstraints: true,
  seed: true,
} satisfies Record<Exclude<keyof ForestParams, 'classWeight' | 'splitter'>, true>;
const PARAM_NAMES = Object.keys(PARAM_OPTIONS) as (keyof typeof PARAM_OPTIONS)[];
const OTHER_NAMES = ['classWeight', 'maxBins', 'exact', 'oobScore', 'trees'] as const;

/**
 * Fill in the defaults and check everything that can be checked without data.
 *
 * @param defaults the defaults of the estimator class
 * @throws {InputError} on an unknown option, or a value that is not allowed
 */
export function parseOptions(
  options: EstimatorOptions,
  defaults: Partial<ForestParams>,
  isClassifier: boolean,
): ParsedOptions {
  checkNames(options, [...PARAM_NAMES, ...OTHER_NAMES]);
  const given = Object.fromEntries(
    PARAM_NAMES.filter((name) => options[name] !== undefined).map((name) => [name, options[name]]),
  );
  const { trees, numTrees = trees } = options;
  if (trees !== undefined && trees !== numTrees) {
    throw new InputError(`trees is another name of numTrees: set only one of them, got ${trees} and ${numTrees}`);
  }
  const params: ForestParams = { ...FOREST_DEFAULTS, ...defaults, ...given, ...(trees !== undefined && { numTrees }) };
  const { classWeight = null, maxBins = MAX_BINS, exact = false, oobScore = false } = options;
  if (!Number.isInteger(maxBins) || maxBins < 2 || maxBins > MAX_BINS) {
    throw new InputError(`maxBins must be an integer from 2 to ${MAX_BINS}, got ${maxBins}`);
  }
  for (const [name, value] of Object.entries({ exact, oobScore })) {
    if (typeof value !== 'boolean') throw new InputError(`${name} must be true or false, got ${value}`);
  }
  if (oobScore && !params.bootstrap)
    throw new InputError('oobScore requires bootstrap; set bootstrap or drop oobScore');
  if (classWeight !== null && !isClassifier)
    throw new InputError('classWeight does not apply to a regressor; remove it');
  // the numbers of features and classes are unknown without data; `fit` checks both again
  validateForestParams(params, params.monotonicConstraints?.length || MAX_FEATURES, isClassifier ? 2 : 0);
  return { params, classWeight: parseClassWeight(classWeight), maxBins, exact, oobScore };
}

/**
 * @param of the owner of the options, for messages; omitted for an estimator
 * @throws {InputError} when the options are not an object, or have an unknown name
 */
export function checkNames(options: object, known: readonly string[], of = ''): void {
  const where = of && ` of ${of}`;
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    throw new InputError(`the options${where} must be an object, got ${quote(options)}`);
  for (const name of Object.keys(options)) {
    if (!known.includes(name)) throw new InputError(`unknown option${where} ${name}; known are ${known.join(', ')}`);
  }
}

/** The options as a model stores them: the same bytes for any order of the input. */
export function toStored({ params, ...others }: ParsedOptions): Record<string, unknown> {
  const { splitter = 'best' } = params;
  return { ...Object.fromEntries(PARAM_NAMES.map((name) => [name, params[name]])), ...others, splitter };
}

/**
 * The parameters of a forest as a model stores them.
 *
 * @param labels names of the classes; by default their numbers
 */
export function storedOptions(
  { classWeight = null, ...params }: ForestParams,
  maxBins: number,
  labels?: readonly ClassLabel[],
): Record<string, unknown> {
  const byLabel =
    classWeight === null || typeof classWeight === 'string'
      ? classWeight
      : classWeight.map((weight, k): [ClassLabel, number] => [labels?.[k] ?? k, weight]);
  return toStored({ params, classWeight: byLabel, maxBins, exact: false, oobScore: false });
}

function parseClassWeight(classWeight: NonNullable<EstimatorOptions['classWeight']> | null) {
  if (classWeight === null || classWeight === 'balanced' || classWeight === 'balanced_subsample') return classWeight;
  const allowed = 'balanced, balanced_subsample, null or a Map of classes and numbers ≥ 0';
  const entries: unknown =
    classWeight instanceof Map ? [...classWeight] : Array.isArray(classWeight) ? classWeight : undefined;
  const isEntry = (entry: unknown) =>
    Array.isArray(entry) && entry.length === 2 && Number.isFinite(entry[1]) && entry[1] >= 0;
  if (!Array.isArray(entries) || !entries.every(isEntry)) {
    throw new InputError(`classWeight must be ${allowed}, got ${JSON.stringify(entries ?? classWeight)}`);
  }
  const labels = entries.map(([label]) => label as ClassLabel);
  const twice = labels.find((label, i) => labels.indexOf(label) < i);
  if (twice !== undefined)
    throw new InputError(`classWeight names ${JSON.stringify(twice)} twice; name each class once`);
  return entries as [ClassLabel, number][];
}
