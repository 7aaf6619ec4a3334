// Specifications of seeded datasets: parameters, defaults, and valid combinations.

import { InputError } from '../base/errors.ts';
import { either } from '../base/quote.ts';
import { MAX_SEED } from '../base/random.ts';

interface CommonSpec {
  /** Rows, from 1 to 2^32 - 1. scikit-learn: n_samples. */
  samples: number;
  /** Columns, from 1 to 65,536. scikit-learn: n_features. */
  features: number;
  /** From 0 to 2^53 - 1. scikit-learn: random_state. */
  seed: number;
}

/** scikit-learn's make_classification: Gaussian clusters around vertices of a hypercube. */
export interface HypercubeSpec extends CommonSpec {
  generator: 'hypercube';
  /** Features that depend on the cluster, at least 1. scikit-learn: n_informative. @default 2 */
  informative?: number;
  /** Random linear combinations of the informative features. scikit-learn: n_redundant. @default 2 */
  redundant?: number;
  /** Copies of informative and redundant features, drawn with replacement. scikit-learn: n_repeated. @default 0 */
  repeated?: number;
  /** From 2 to 65,536. scikit-learn: n_classes. @default 2 */
  classes?: number;
  /** At least 1. scikit-learn: n_clusters_per_class. @default 2 */
  clustersPerClass?: number;
  /**
   * Share of each class: one number per class, or one fewer and the last class gets the remaining rows; null for equal
   * shares. Rows lost by rounding are dealt to the clusters in turn. @default null
   */
  weights?: readonly number[] | null;
  /**
   * Share of the rows whose label is drawn again, from 0 to 1. The draw is over all classes, so that
   * flipY × (classes - 1) / classes of the labels change. scikit-learn: flip_y. @default 0.01
   */
  flipY?: number;
  /** Half the edge of the hypercube, at least 0; larger is easier. scikit-learn: class_sep. @default 1 */
  classSep?: number;
  /** False moves the vertices towards the origin, each cluster and each dimension by a random factor. @default true */
  hypercube?: boolean;
  /**
   * Added to each feature: one number for all or one per feature, in the order informative, redundant, repeated,
   * random; null draws from [-classSep, classSep). @default 0
   */
  shift?: number | readonly number[] | null;
  /** Multiplies each feature after the shift, not 0; same form as `shift`; null draws from [1, 101). @default 1 */
  scale?: number | readonly number[] | null;
  /** Whether rows and columns are in random order; false gives the rows of each cluster together. @default true */
  shuffle?: boolean;
}

/**
 * dask-ml's make_classification: standard normal features and labels drawn from a logistic model on a few of them.
 * Every weight is in [-scale, 0) without an intercept, so the two classes are about equal.
 */
export interface LogisticSpec extends CommonSpec {
  generator: 'logistic';
  /** Features with a weight, at least 1. dask-ml: n_informative. @default 2 */
  informative?: number;
  /** Largest weight, above 0; larger is easier. dask-ml: scale. @default 1 */
  scale?: number;
  /** Whether a feature can be chosen twice and then count twice, as in dask-ml. @default false */
  withReplacement?: boolean;
}

/** scikit-learn's make_regression: standard normal features, and values that are linear in some of them. */
export interface RegressionSpec extends CommonSpec {
  generator: 'regression';
  /**
   * Features that the value depends on, from 1 to `features`. scikit-learn: n_informative. @default 10, or all if there
   * are fewer
   */
  informative?: number;
  /** Added to each value. @default 0 */
  bias?: number;
  /** Standard deviation of the noise in the values, at least 0. @default 0 */
  noise?: number;
  /** Whether the columns are in random order; false puts the informative ones first. @default true */
  shuffle?: boolean;
}

/** scikit-learn's make_friedman1: uniform features, and values that are nonlinear in the first five. */
export interface Friedman1Spec extends CommonSpec {
  generator: 'friedman1';
  /** Standard deviation of the noise in the values, at least 0. @default 0 */
  noise?: number;
}

export type DatasetSpec = HypercubeSpec | LogisticSpec | RegressionSpec | Friedman1Spec;
export type GeneratorName = DatasetSpec['generator'];

/** The task of each generator's rows. */
export const GENERATOR_TASKS = {
  hypercube: 'classification',
  logistic: 'classification',
  regression: 'regression',
  friedman1: 'regression',
} as const satisfies Record<GeneratorName, 'classification' | 'regression'>;

export const HYPERCUBE_DEFAULTS = {
  informative: 2,
  redundant: 2,
  repeated: 0,
  classes: 2,
  clustersPerClass: 2,
  weights: null,
  flipY: 0.01,
  classSep: 1,
  hypercube: true,
  shift: 0,
  scale: 1,
  shuffle: true,
} as const satisfies Partial<HypercubeSpec>;

export const LOGISTIC_DEFAULTS = {
  informative: 2,
  scale: 1,
  withReplacement: false,
} as const satisfies Partial<LogisticSpec>;

const REGRESSION_DEFAULTS = {
  informative: 10,
  bias: 0,
  noise: 0,
  shuffle: true,
} as const satisfies Partial<RegressionSpec>;

const FRIEDMAN1_DEFAULTS = { noise: 0 } as const satisfies Partial<Friedman1Spec>;

function getDefaults({ generator, features }: DatasetSpec): Record<string, unknown> {
  switch (generator) {
    case 'hypercube':
      return HYPERCUBE_DEFAULTS;
    case 'logistic':
      return LOGISTIC_DEFAULTS;
    case 'regression':
      return { ...REGRESSION_DEFAULTS, informative: Math.min(REGRESSION_DEFAULTS.informative, features) };
    case 'friedman1':
      return FRIEDMAN1_DEFAULTS;
  }
}

/** The specification with every default filled in; an explicit undefined means the default. */
export function withDefaults<Spec extends DatasetSpec>(spec: Spec): Required<Spec> {
  const given = Object.fromEntries(Object.entries(spec).filter(([, value]) => value !== undefined));
  return { ...getDefaults(spec), ...given } as Required<Spec>;
}

/** Features that friedman1's values depend on: the first ones. */
export const FRIEDMAN_FEATURES = 5;
/** Most features: a feature's index fits a Uint16, as in the trees. */
const MAX_FEATURES = 65536;
/** Most classes: labels are Uint16. */
const MAX_CLASSES = 65536;
/** Largest shift, scale and class separation: the product of two, times the number of features, fits a float32. */
const MAX_MAGNITUDE = 1e9;
/** Most entries in all mixing matrices: 128 MiB of doubles, which every worker draws. */
const MAX_MIXING = 2 ** 24;

/** @throws {InputError} when a value is out of its range, or values contradict each other */
export function validateDatasetSpec(spec: DatasetSpec): void {
  const { generator, samples, features, seed } = spec;
  requireInteger('samples', samples, 1, 2 ** 32 - 1);
  requireInteger('features', features, 1, MAX_FEATURES);
  requireInteger('seed', seed, 0, MAX_SEED);
  if (generator === 'hypercube') validateHypercube(spec);
  else if (generator === 'logistic') validateLogistic(spec);
  else if (generator === 'regression') validateRegression(spec);
  else if (generator === 'friedman1') validateFriedman1(spec);
  else throw new InputError(`generator must be ${either(Object.keys(GENERATOR_TASKS))}, got ${show(generator)}`);
}

function validateHypercube(spec: HypercubeSpec): void {
  const {
    features,
    informative,
    redundant,
    repeated,
    classes,
    clustersPerClass,
    weights,
    flipY,
    classSep,
    shift,
    scale,
  } = withDefaults(spec);
  requireInteger('informative', informative, 1, features);
  requireInteger('redundant', redundant, 0, features);
  requireInteger('repeated', repeated, 0, features);
  requireInteger('classes', classes, 2, MAX_CLASSES);
  requireInteger('clustersPerClass', clustersPerClass, 1, 2 ** 24);
  requireNumber('flipY', flipY, 0, 1);
  requireNumber('classSep', classSep, 0, MAX_MAGNITUDE);
  const used = informative + redundant + repeated;
  if (used > features) {
    throw new InputError(`informative + redundant + repeated must be at most features (${features}), got ${used}`);
  }
  const clusters = classes * clustersPerClass;
  const vertices = 2 ** informative;
  if (clusters > vertices) {
    throw new InputError(
      `classes × clustersPerClass must be at most 2^informative (${vertices}), got ${clusters}; raise informative`,
    );
  }
  const mixing = clusters * informative ** 2;
  if (mixing > MAX_MIXING) {
    throw new InputError(`classes × clustersPerClass × informative² must be at most ${MAX_MIXING}, got ${mixing}`);
  }
  if (weights !== null) validateWeights(weights, classes);
  validatePerFeature('shift', shift, features);
  validatePerFeature('scale', scale, features);
  if ([scale].flat().includes(0)) throw new InputError('scale must not be 0: the column would be constant');
}

function validateWeights(weights: readonly number[], classes: number): void {
  if (!Array.isArray(weights) || (weights.length !== classes && weights.length !== classes - 1)) {
    throw new InputError(`weights must be a list of ${classes} or ${classes - 1} numbers, got ${show(weights)}`);
  }
  for (const [i, weight] of weights.entries()) requireNumber(`weights[${i}]`, weight, 0, 1);
  const sum = weights.reduce((total, weight) => total + weight, 0);
  // rounding can make decimal fractions add up to slightly more than 1
  if (sum > 1 + 1e-9) throw new InputError(`weights must add up to at most 1, got ${sum}`);
}

function validatePerFeature(name: string, value: number | readonly number[] | null, features: number): void {
  if (value === null) return;
  if (!Array.isArray(value)) {
    requireNumber(name, value, -MAX_MAGNITUDE, MAX_MAGNITUDE);
    return;
  }
  if (value.length !== features) {
    throw new InputError(`${name} must be one number or a list of features (${features}), got ${value.length} numbers`);
  }
  for (const [i, item] of value.entries()) requireNumber(`${name}[${i}]`, item, -MAX_MAGNITUDE, MAX_MAGNITUDE);
}

function validateLogistic(spec: LogisticSpec): void {
  const { informative, scale, withReplacement } = withDefaults(spec);
  requireInteger('informative', informative, 1, MAX_FEATURES);
  if (informative > spec.features && !withReplacement) {
    throw new InputError(`informative must be at most features (${spec.features}), got ${informative}`);
  }
  if (!(typeof scale === 'number' && scale > 0 && scale <= MAX_MAGNITUDE)) {
    throw new InputError(`scale must be a number above 0 up to ${MAX_MAGNITUDE}, got ${show(scale)}`);
  }
}

function validateRegression(spec: RegressionSpec): void {
  const { features, informative, bias, noise } = withDefaults(spec);
  requireInteger('informative', informative, 1, features);
  requireNumber('bias', bias, -MAX_MAGNITUDE, MAX_MAGNITUDE);
  requireNumber('noise', noise, 0, MAX_MAGNITUDE);
}

function validateFriedman1(spec: Friedman1Spec): void {
  const { features, noise } = withDefaults(spec);
  requireInteger('features', features, FRIEDMAN_FEATURES, MAX_FEATURES);
  requireNumber('noise', noise, 0, MAX_MAGNITUDE);
}

function requireInteger(name: string, value: unknown, min: number, max: number): void {
  if (typeof value === 'number' && Number.isInteger(value) && min <= value && value <= max) return;
  throw new InputError(`${name} must be an integer from ${min} to ${max}, got ${show(value)}`);
}

function requireNumber(name: string, value: unknown, min: number, max: number): void {
  if (typeof value === 'number' && min <= value && value <= max) return;
  throw new InputError(`${name} must be a number from ${min} to ${max}, got ${show(value)}`);
}

/** Format as JSON, and numbers like NaN as text. */
function show(value: unknown): string {
  return typeof value === 'number' ? String(value) : String(JSON.stringify(value));
}
