// The options of a client's calls, and the run parameters that they set.

import { InputError } from '../base/errors.ts';
import { quote, quoteArgument } from '../base/quote.ts';
import type { HypercubeSpec, RegressionSpec } from '../datasets/spec.ts';
import { ExtraTreesClassifier, RandomForestClassifier } from '../forest/classifier.ts';
import { checkNames } from '../forest/estimator-options.ts';
import type { ClassLabel } from '../forest/model.ts';
import { ExtraTreesRegressor, RandomForestRegressor } from '../forest/regressor.ts';
import type { ClientCall } from '../plan/parameters/parameter.ts';
import { callOptions } from '../plan/parameters/table.ts';
import type { RunParams } from '../plan/params.ts';
import type { StageName } from '../plan/stage-sizes.ts';
import type { Description } from './rows.ts';

/** Options of `makeClassification`; names are scikit-learn's in camelCase, except where a docstring gives scikit-learn's name. */
export interface ClassificationOptions extends Partial<Omit<HypercubeSpec, 'generator'>> {
  /** Number of rows. @default 100,000 */
  samples?: number;
  /** Number of features. @default 20 */
  features?: number;
  /** Rows that one task generates; does not change the model. @default 10,000 */
  chunkSize?: number;
  /** scikit-learn's clusters, or dask-ml's logistic model, which takes `informative`, `scale` and `withReplacement`. @default 'hypercube' */
  generator?: 'hypercube' | 'logistic';
  /** For the logistic model: whether a feature may be chosen twice. @default false */
  withReplacement?: boolean;
}

/** Options of `makeRegression`; names are scikit-learn's in camelCase, except where a docstring gives scikit-learn's name. */
export interface RegressionOptions extends Partial<Omit<RegressionSpec, 'generator'>> {
  /** Number of rows. @default 100,000 */
  samples?: number;
  /** Number of features. @default 20 */
  features?: number;
  /** Rows that one task generates; does not change the model. @default 10,000 */
  chunkSize?: number;
  /** Values linear in some features, or scikit-learn's `make_friedman1`, which takes only `noise`. @default 'regression' */
  generator?: 'regression' | 'friedman1';
}

/** Options of `readData`; docs/data.md explains each. */
export interface DataOptions {
  /** Column to predict, by name or number. */
  label: string | number;
  /** Feature columns, by name or number. @default all others */
  features?: readonly (string | number)[];
  /** Columns to leave out. */
  drop?: string[];
  /** Columns to treat as categories even if they hold numbers; text columns always are categories. */
  categorical?: string[];
  /** Column that holds the weight of each row, by name or number. */
  weights?: string | number;
  /** Whether the first row holds the names. @default true if all its cells are text */
  header?: boolean;
  /** Lines to skip before the table of a text file. @default 0 */
  skipRows?: number;
  /** Approximate number of bytes that one task reads; does not change the model. @default 8 MiB, more for large data */
  chunkBytes?: number;
}

/** Options of `trainTestSplit`. Rows are split at random, unless one other way is chosen. */
export interface SplitOptions {
  /** Size of the test split: a share in (0, 1), or a number of rows. @default 0.1 */
  testSize?: number;
  /** Size of a validation split, which is scored separately: a share or a number of rows. @default none */
  validationSize?: number;
  /** Whether the splits are random; false makes the last rows the test split. @default true */
  shuffle?: boolean;
  /** Whether every split has the same class proportions. @default false */
  stratify?: boolean;
  /** Column whose groups are never divided between splits. */
  group?: string;
  /** Column to sort by: the last rows are the test split. */
  time?: string;
  /** Column whose hash decides the split of a row. */
  hashBy?: string;
  /** Column that names the split of each row. */
  side?: string;
  /** Integer ≥ 0, the same for the whole run; scikit-learn: `random_state`. @default 0 */
  seed?: number;
}

/** Progress of a run or a prediction. */
export interface Progress {
  stage: StageName | 'predict';
  /** Finished tasks; for predictions, partitions. */
  done: number;
  total: number;
}

/** Options of every long call. */
export interface CallOptions {
  /** Cancels the call, which rejects with a `CancelledError`. */
  signal?: AbortSignal;
  /** Called whenever a count changes. An error that it throws cancels the call, which rejects with that error. */
  onProgress?: (progress: Progress) => void;
}

const CALL_NAMES = ['signal', 'onProgress'];

/** @throws {InputError} on an unknown option, or a value that is not a signal or a function */
export function checkCallOptions(options: CallOptions, of: string): void {
  checkNames(options, CALL_NAMES, of);
  checkCall(options, of);
}

/** Checked before anything is spent: otherwise a run would start that its caller can neither stop nor follow. */
function checkCall({ signal, onProgress }: { signal?: unknown; onProgress?: unknown }, of: string): void {
  checkSignal(signal, of);
  if (onProgress === undefined || typeof onProgress === 'function') return;
  throw new InputError(`onProgress of ${of} must be a function, got ${quoteArgument(onProgress)}`);
}

/** @throws {InputError} when it is not a signal */
export function checkSignal(signal: unknown, of: string): void {
  if (signal === undefined || signal instanceof AbortSignal) return;
  throw new InputError(`signal of ${of} must be an AbortSignal, got ${quoteArgument(signal)}`);
}

/** Options of `client.fit`: how to execute the run. Only `engine` changes the model. */
export interface RunOptions extends CallOptions {
  /** Whether one task grows all trees, or each task some of them. @default 'auto', by forecast */
  strategy?: RunParams['strategy'];
  /** `ml-random-forest` is for comparison on small data. @default 'arvoredo' */
  engine?: RunParams['engine'];
  /** Folds of a cross-validation, from 2 to 100: `crossValidation` of the report. @default none */
  folds?: number;
  /** Maximum duration of the run, in seconds, or null. @default null */
  deadline?: number | null;
  /** Id of the run; an unfinished run resumes, a finished one returns its forest. @default a new id */
  runId?: string;
  /** Maximum number of concurrent workers. @default those of the cluster; 4 on AWS */
  workers?: number;
}

/** Options of calls that are not parameters of a run. */
const OTHER_NAMES: Partial<Record<ClientCall, readonly string[]>> = { fit: ['runId', ...CALL_NAMES] };

/**
 * The parameters that a call's options set.
 *
 * @throws {InputError} on an option that the call does not have
 */
export function describe(call: ClientCall, options: object): Description {
  const paramOf = new Map<string, string>(callOptions(call));
  checkNames(options, [...paramOf.keys(), ...(OTHER_NAMES[call] ?? [])], call);
  const { seed, signal, onProgress, runId, ...given } = options as Record<string, unknown>;
  checkCall({ signal, onProgress }, call);
  const params = Object.fromEntries(
    Object.entries(given).flatMap(([name, value]) => (value === undefined ? [] : [[paramOf.get(name), value]])),
  );
  return { params, seeds: seed === undefined ? [] : [[call, seed as number]] };
}

/** An estimator for `client.fit`. */
export type Estimator = RandomForestClassifier | RandomForestRegressor;

/**
 * The parameters that a run gets from an estimator's options.
 *
 * @throws {InputError} on an estimator or an option that a run does not support
 */
export function describeEstimator(estimator: Estimator): Description {
  const isRegressor = estimator instanceof RandomForestRegressor;
  if (!isRegressor && !(estimator instanceof RandomForestClassifier)) {
    const name = (estimator as object | undefined)?.constructor?.name ?? quote(estimator);
    throw new InputError(
      `fit takes a RandomForestClassifier, ExtraTreesClassifier, RandomForestRegressor or ExtraTreesRegressor, got ${name}`,
    );
  }
  const { numTrees, trees = numTrees, maxFeatures, classWeight, exact, seed, ...same } = estimator.options;
  if (exact) {
    throw new InputError(
      'exact is not supported in runs, whose training partitions hold one byte per value; omit it, or fit in memory',
    );
  }
  const isExtra = estimator instanceof ExtraTreesClassifier || estimator instanceof ExtraTreesRegressor;
  const params = {
    ...same,
    task: isRegressor ? 'regression' : 'classification',
    trees,
    maxFeatures: maxFeatures === null ? 'all' : maxFeatures,
    classWeight: toWeights(classWeight),
    ...(isExtra && { extraTrees: true }),
  };
  const given = Object.entries(params).filter(([, value]) => value !== undefined);
  return {
    params: Object.fromEntries(given),
    seeds: seed === undefined ? [] : [[estimator.constructor.name, seed]],
  };
}

function toWeights(weights: RandomForestClassifier['options']['classWeight']): unknown {
  if (weights === undefined || weights === null || typeof weights === 'string') return weights;
  const entries = [...(weights as Iterable<readonly [ClassLabel, number]>)];
  return entries.length > 0 ? Object.fromEntries(entries.map(([label, weight]) => [String(label), weight])) : null;
}

/**
 * Combine the descriptions of one run.
 *
 * @throws {InputError} when two of them have different seeds: a run has one seed
 */
export function join(...parts: readonly Description[]): Description {
  const seeds = parts.flatMap((part) => part.seeds);
  const other = seeds.find(([, seed]) => seed !== seeds[0][1]);
  if (other) {
    const [[source, seed]] = seeds as [(typeof seeds)[number]];
    throw new InputError(
      `a run has one seed for its data, split and forest, got ${quote(seed)} from ${source} and ${quote(other[1])} from ${other[0]}; set it once`,
    );
  }
  return { params: Object.assign({}, ...parts.map(({ params }) => params)), seeds };
}

/** Parameters as a user sets them, with the seed. */
export function toGiven({ params, seeds }: Description): Record<string, unknown> {
  return seeds.length > 0 ? { ...params, seed: seeds[0][1] } : { ...params };
}
