// The options of a client, under the names of a run's parameters, and the parameters that a run gets from them.

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

/** Options of `makeClassification`; names are scikit-learn's in camelCase, save where a docstring gives the other. */
export interface ClassificationOptions extends Partial<Omit<HypercubeSpec, 'generator'>> {
  /** Rows. @default 100,000 */
  samples?: number;
  /** Columns. @default 20 */
  features?: number;
  /** Rows that one task makes; changes no byte of the model. @default 10,000 */
  chunkSize?: number;
  /** scikit-learn's clusters, or dask-ml's logistic model, which knows `informative`, `scale` and `withReplacement`. @default 'hypercube' */
  generator?: 'hypercube' | 'logistic';
  /** Of the logistic model: whether one feature may be chosen twice. @default false */
  withReplacement?: boolean;
}

/** Options of `makeRegression`; names are scikit-learn's in camelCase, save where a docstring gives the other. */
export interface RegressionOptions extends Partial<Omit<RegressionSpec, 'generator'>> {
  /** Rows. @default 100,000 */
  samples?: number;
  /** Columns. @default 20 */
  features?: number;
  /** Rows that one task makes; changes no byte of the model. @default 10,000 */
  chunkSize?: number;
  /** Values linear in some features, or scikit-learn's `make_friedman1`, which knows `noise` alone. @default 'regression' */
  generator?: 'regression' | 'friedman1';
}

/** Options of `readData`; docs/data.md has more on each. */
export interface DataOptions {
  /** Column to predict, by its name or number. */
  label: string | number;
  /** Columns to learn from, by name or number. @default all others */
  features?: readonly (string | number)[];
  /** Columns to leave out. */
  drop?: string[];
  /** Columns to take as categories, numbers or not; texts are by themselves. */
  categorical?: string[];
  /** Column that holds the weight of each row, by name or number. */
  weights?: string | number;
  /** Whether the first row has the names. @default where all its cells are texts */
  header?: boolean;
  /** Lines before the table of a text file. @default 0 */
  skipRows?: number;
  /** Bytes of a file that one task reads, about; changes no byte of the model. @default 8 MiB, more for large data */
  chunkBytes?: number;
}

/** Options of `trainTestSplit`. Rows are divided in one way: at random unless one of the others is asked for. */
export interface SplitOptions {
  /** Rows to test on: a share in (0, 1), or a number of them. @default 0.1 */
  testSize?: number;
  /** Rows that are neither learnt from nor tested on, but scored, in the same way. @default none */
  validationSize?: number;
  /** Whether the sides are drawn at random; false takes the last rows. @default true */
  shuffle?: boolean;
  /** Whether each class is divided alike. @default false */
  stratify?: boolean;
  /** Column whose groups stay whole. */
  group?: string;
  /** Column by which the last rows are the test side. */
  time?: string;
  /** Column whose hash decides. */
  hashBy?: string;
  /** Column that names the side of each row. */
  side?: string;
  /** Integer ≥ 0, the same for the whole run; scikit-learn: `random_state`. @default 0 */
  seed?: number;
}

/** A run's work as it goes on. */
export interface Progress {
  stage: StageName | 'predict';
  /** Tasks that are done; of predictions, partitions. */
  done: number;
  total: number;
}

/** What every longer call takes. */
export interface CallOptions {
  /** Calls it off; the call rejects with a `CancelledError`. */
  signal?: AbortSignal;
  /** Told whenever there is news. What it throws calls the work off, and is what the call rejects with. */
  onProgress?: (progress: Progress) => void;
}

const CALL_NAMES = ['signal', 'onProgress'];

/** @throws {InputError} on an unknown option, or a value that is not a signal or a function */
export function checkCallOptions(options: CallOptions, of: string): void {
  checkNames(options, CALL_NAMES, of);
  checkCall(options, of);
}

/** Before anything is spent: a run that nobody can stop or hear of would go on. */
function checkCall({ signal, onProgress }: { signal?: unknown; onProgress?: unknown }, of: string): void {
  checkSignal(signal, of);
  if (onProgress === undefined || typeof onProgress === 'function') return;
  throw new InputError(`onProgress of ${of} must be a function, got ${quoteArgument(onProgress)}`);
}

/** @throws {InputError} when it is something else than a signal */
export function checkSignal(signal: unknown, of: string): void {
  if (signal === undefined || signal instanceof AbortSignal) return;
  throw new InputError(`signal of ${of} must be an AbortSignal, got ${quoteArgument(signal)}`);
}

/** Options of `client.fit`: how the run is done. None of them changes a byte of the model, save `engine`. */
export interface RunOptions extends CallOptions {
  /** Whether one task grows all trees, or each some of them. @default 'auto', by forecast */
  strategy?: RunParams['strategy'];
  /** `ml-random-forest` is for comparison on small data. @default 'arvoredo' */
  engine?: RunParams['engine'];
  /** Folds of a cross-validation, from 2 to 100: `crossValidation` of the report. @default none */
  folds?: number;
  /** Longest time of the run, in seconds, or null. @default null */
  deadline?: number | null;
  /** Name of the run; one that is unfinished goes on, one that is done gives its forest. @default a new one */
  runId?: string;
  /** Most workers at once. @default those of the cluster; 4 on AWS */
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

/** What `client.fit` takes. */
export type Estimator = RandomForestClassifier | RandomForestRegressor;

/**
 * The parameters that a run gets from an estimator's options.
 *
 * @throws {InputError} on an estimator, or an option, that a run cannot honour
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
      'exact is not for runs: training partitions hold one byte a value; leave it out, or fit in memory',
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
 * Put together what is asked of one run.
 *
 * @throws {InputError} when two of the parts have different seeds: a run has one
 */
export function join(...parts: readonly Description[]): Description {
  const seeds = parts.flatMap((part) => part.seeds);
  const other = seeds.find(([, seed]) => seed !== seeds[0][1]);
  if (other) {
    const [[giver, seed]] = seeds as [(typeof seeds)[number]];
    throw new InputError(
      `a run has one seed for its data, split and forest, got ${quote(seed)} from ${giver} and ${quote(other[1])} from ${other[0]}; give it once`,
    );
  }
  return { params: Object.assign({}, ...parts.map(({ params }) => params)), seeds };
}

/** Parameters as a person gives them, with the seed. */
export function toGiven({ params, seeds }: Description): Record<string, unknown> {
  return seeds.length > 0 ? { ...params, seed: seeds[0][1] } : { ...params };
}
