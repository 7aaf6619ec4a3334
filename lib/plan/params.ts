// The parameters of a run: the same names on the command line, in the API and in run.json.

import * as v from 'valibot';
import { InputError } from '../base/errors.ts';
import { either, quote } from '../base/quote.ts';
import { MAX_SEED } from '../base/random.ts';
import { GENERATOR_TASKS, type GeneratorName } from '../datasets/spec.ts';
import type { EngineName } from '../forest/engine.ts';
import { ENGINES } from '../forest/engines.ts';
import { CLASS_CRITERIA, VALUE_CRITERIA } from '../forest/params.ts';
import { DEFAULT_FOLDS, parseSearch, type SearchSpec } from './search/spec.ts';

const MAX_ROWS = 4294967295; // a row index is an unsigned 32-bit integer
const MAX_FEATURES = 65_535; // a node's feature is 16 bits, the last value marks a leaf
const MAX_CLASSES = 1000;
const MAX_TREES = 100_000;
const MAX_CHUNK_BYTES = 64 * 1024 ** 2; // a task holds its share of a file several times over
const MAX_WORKERS = 1000; // Lambda's default concurrency limit of a region

/** A rule for one parameter: the values it allows, in words, and the check. */
function rule<T>(allowed: string, isAllowed: (value: unknown) => boolean) {
  return v.custom<T>(isAllowed, allowed);
}

const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);
const isWhole = (value: unknown, least: number, most: number) =>
  Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most;
const isNumbers = (value: unknown) => Array.isArray(value) && value.length > 0 && value.every(isNumber);

const whole = (least: number, most: number) =>
  rule<number>(`a whole number from ${least} to ${most}`, (value) => isWhole(value, least, most));
const numeric = (allowed: string, isAllowed: (value: number) => boolean) =>
  rule<number>(allowed, (value) => isNumber(value) && isAllowed(value));
const flag = () => rule<boolean>('true or false', (value) => typeof value === 'boolean');
const choice = <const T extends string>(...names: T[]) => rule<T>(either(names), (value) => names.includes(value as T));
const limit = (least = 1) =>
  rule<number | null>(
    `a whole number from ${least} up, or null for none`,
    (value) => value === null || isWhole(value, least, MAX_ROWS),
  );
const countOrShare = (least: number) =>
  rule<number>(
    `a whole number from ${least} up or a share in (0, 1)`,
    (value) => isWhole(value, least, MAX_ROWS) || (isNumber(value) && value > 0 && value < 1),
  );
/** Numbers by position, as a list of all or an object of some: `{"3": 5}`. */
export type ByPosition = number[] | Record<string, number>;
const isNamed = (value: unknown): value is Record<string, number> =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  Object.entries(value).length > 0 &&
  Object.entries(value).every(([name, number]) => name !== '' && isNumber(number));
const isByPosition = (value: unknown): value is ByPosition =>
  isNumbers(value) ||
  (typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.entries(value).length > 0 &&
    Object.entries(value).every(([key, number]) => /^(0|[1-9]\d*)$/.test(key) && isNumber(number)));
const CLASS_WEIGHTS =
  'balanced, balanced_subsample, a list of one number per class, an object of numbers by class, or null';
const position = (nothing: string) =>
  rule<number | number[] | null>(
    `a number, a list of one per feature, or null for ${nothing}`,
    (value) => value === null || isNumber(value) || isNumbers(value),
  );

const text = (what: string) => rule<string>(what, (value) => typeof value === 'string' && value !== '');
const texts = (what: string) =>
  rule<string[]>(
    `a list of ${what}`,
    (value) =>
      Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === 'string' && item !== ''),
  );

/**
 * What each parameter may be. Those of the generators have no default here: the generators share names with different
 * defaults, and one that the chosen generator does not know is refused.
 */
const FIELDS = {
  // whether the forest tells classes apart or predicts values
  task: choice('classification', 'regression'),
  // data
  samples: whole(1, MAX_ROWS),
  features: whole(1, MAX_FEATURES),
  chunkSize: whole(1, MAX_ROWS),
  generator: choice('hypercube', 'logistic', 'regression', 'friedman1'),
  informative: v.optional(whole(1, MAX_FEATURES)),
  redundant: v.optional(whole(0, MAX_FEATURES)),
  repeated: v.optional(whole(0, MAX_FEATURES)),
  classes: v.optional(whole(2, MAX_CLASSES)),
  clustersPerClass: v.optional(whole(1, 1000)),
  weights: v.optional(
    rule<number[] | null>('a list of shares, or null for equal ones', (value) => value === null || isNumbers(value)),
  ),
  flipY: v.optional(numeric('a share from 0 to 1', (value) => value >= 0 && value <= 1)),
  classSep: v.optional(numeric('a number from 0 up', (value) => value >= 0)),
  hypercube: v.optional(flag()),
  shift: v.optional(position('random shifts')),
  scale: v.optional(position('random scales')),
  shuffleSamples: v.optional(flag()),
  noise: v.optional(numeric('a number from 0 up', (value) => value >= 0)),
  bias: v.optional(numeric('a number', () => true)),
  withReplacement: v.optional(flag()),
  // data of the user's
  data: v.optional(texts('locations: s3://bucket/key, a prefix that ends in /, or a pattern')),
  label: v.optional(text('the name or number of a column')),
  columns: v.optional(texts('names or numbers of columns')),
  drop: v.optional(texts('names or numbers of columns')),
  categorical: v.optional(texts('names or numbers of columns')),
  weightColumn: v.optional(text('the name or number of a column')),
  group: v.optional(text('the name or number of a column')),
  time: v.optional(text('the name or number of a column')),
  hashBy: v.optional(text('the name or number of a column')),
  side: v.optional(text('the name or number of a column')),
  header: v.optional(flag()),
  skipRows: v.optional(whole(0, 1000)),
  chunkBytes: v.optional(whole(1, MAX_CHUNK_BYTES)),
  // split
  testSize: numeric(
    'a share in (0, 1) or a whole number from 1 up',
    (value) => value > 0 && (value < 1 || Number.isInteger(value)),
  ),
  shuffle: flag(),
  validationSize: v.optional(
    numeric(
      'a share in (0, 1) or a whole number from 1 up',
      (value) => value > 0 && (value < 1 || Number.isInteger(value)),
    ),
  ),
  stratify: v.optional(flag()),
  folds: v.optional(whole(2, 100)),
  // forest
  trees: whole(1, MAX_TREES),
  maxFeatures: rule<'sqrt' | 'log2' | 'all' | number>(
    'sqrt, log2, all, a share in (0, 1) or a whole number from 1 up',
    (value) =>
      value === 'sqrt' ||
      value === 'log2' ||
      value === 'all' ||
      (isNumber(value) && value > 0 && (value < 1 || Number.isInteger(value))),
  ),
  maxDepth: limit(),
  minSamplesSplit: countOrShare(2),
  minSamplesLeaf: countOrShare(1),
  minWeightFractionLeaf: numeric('a share from 0 to 0.5', (value) => value >= 0 && value <= 0.5),
  maxLeafNodes: limit(2),
  criterion: choice(...CLASS_CRITERIA, ...VALUE_CRITERIA),
  minImpurityDecrease: numeric('a number from 0 up', (value) => value >= 0),
  bootstrap: flag(),
  maxSamples: rule<number | null>(
    'a whole number from 1 up, a share in (0, 1), or null for as many as there are',
    (value) => value === null || isWhole(value, 1, MAX_ROWS) || (isNumber(value) && value > 0 && value < 1),
  ),
  classWeight: rule<'balanced' | 'balanced_subsample' | ByPosition | null>(
    CLASS_WEIGHTS,
    (value) =>
      value === null || value === 'balanced' || value === 'balanced_subsample' || isNumbers(value) || isNamed(value),
  ),
  ccpAlpha: numeric('a number from 0 up', (value) => value >= 0),
  monotonicConstraints: rule<ByPosition | null>(
    'a list of 1, 0 or -1 per feature, an object of them by feature, or null',
    (value) => value === null || isByPosition(value),
  ),
  extraTrees: flag(),
  oobScore: flag(),
  maxBins: whole(2, 255),
  // what to try: checked by `parseSearch`
  search: v.optional(rule<SearchSpec>('a search', () => true)),
  // how
  engine: choice('arvoredo', 'ml-random-forest'),
  strategy: choice('auto', 'gather', 'trees'),
  workers: whole(1, MAX_WORKERS),
  // longest time of one execution of the run, in seconds
  deadline: limit(),
  seed: whole(0, MAX_SEED),
};

const SCHEMA = v.strictObject(FIELDS);

/** Parameters of a run, all defaults filled in. */
export type RunParams = v.InferOutput<typeof SCHEMA>;
export type ParamName = keyof RunParams;

/** Names of all parameters, in the order of the help text. */
export const PARAM_NAMES = Object.keys(FIELDS) as ParamName[];

/** The seed's job. `maxFeatures` is not in it: its default is the engine's. Extra-trees draw no bootstrap by default. */
export const RUN_DEFAULTS = {
  task: 'classification',
  samples: 100_000,
  features: 20,
  chunkSize: 10_000,
  generator: 'hypercube',
  testSize: 0.1,
  shuffle: true,
  trees: 100,
  maxDepth: null,
  minSamplesSplit: 2,
  minSamplesLeaf: 1,
  minWeightFractionLeaf: 0,
  maxLeafNodes: null,
  criterion: 'gini',
  minImpurityDecrease: 0,
  bootstrap: true,
  maxSamples: null,
  classWeight: null,
  ccpAlpha: 0,
  monotonicConstraints: null,
  extraTrees: false,
  oobScore: false,
  maxBins: 255,
  engine: 'arvoredo',
  strategy: 'auto',
  workers: 4,
  deadline: null,
  seed: 0,
} as const satisfies Partial<RunParams>;

/**
 * Check parameters that came from outside and fill in the defaults. An explicit `undefined` means the default.
 *
 * @param input an object of parameters
 * @param show how a parameter is called where the input came from, e.g. `--chunk-size` for `chunkSize`
 * @throws {InputError} naming the parameter, the value got and the values allowed
 */
export function parseRunParams(input: unknown, show: (name: string) => string = (name) => name): RunParams {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    throw new InputError(`parameters must be an object, got ${quote(input)}`);
  }
  const given = Object.entries(input).filter(([, value]) => value !== undefined);
  for (const [name] of given) {
    if (!Object.hasOwn(FIELDS, name)) {
      throw new InputError(`unknown parameter ${quote(name)}; known are ${PARAM_NAMES.join(', ')}`);
    }
  }
  const own: Record<string, unknown> = Object.fromEntries(given);
  const { engine = RUN_DEFAULTS.engine, extraTrees } = own;
  const defaults = {
    ...RUN_DEFAULTS,
    maxFeatures: defaultMaxFeatures(engine),
    bootstrap: extraTrees !== true,
    ...defaultsOfTask(own),
  };
  if (own.search !== undefined) {
    own.search = parseSearch(own.search, own.task ?? defaults.task, findAllowed, show);
    own.folds ??= DEFAULT_FOLDS;
  }
  const result = v.safeParse(SCHEMA, { ...defaults, ...own }, { abortEarly: true });
  if (result.success) {
    const { classWeight, data } = result.output;
    // only data have classes with names
    if (data !== undefined || !isNamed(classWeight) || isByPosition(classWeight)) return result.output;
    throw new InputError(`${show('classWeight')} must be ${CLASS_WEIGHTS}, got ${quote(classWeight)}`);
  }
  const [issue] = result.issues;
  const name = String(issue.path?.[0]?.key);
  throw new InputError(`${show(name)} must be ${issue.message}, got ${quote(issue.input)}`);
}

/** The values that a parameter may have, in words, where `value` is none of them. */
function findAllowed(name: ParamName, value: unknown): string | undefined {
  return v.safeParse(FIELDS[name], value).issues?.[0].message;
}

/**
 * Regression is what was asked for, or follows from a generator of values; it has a generator and a criterion of its own,
 * and tries all features at a node, as scikit-learn's regressors do.
 */
function defaultsOfTask({ task, generator, data }: Record<string, unknown>): Partial<RunParams> {
  const follows =
    data === undefined && Object.hasOwn(GENERATOR_TASKS, generator as string)
      ? GENERATOR_TASKS[generator as GeneratorName]
      : RUN_DEFAULTS.task;
  if ((task ?? follows) !== 'regression') return {};
  return { task: 'regression', generator: 'regression', criterion: 'squared_error', maxFeatures: 'all' };
}

/** The engine's own default; an engine that there is not is refused later. */
function defaultMaxFeatures(engine: unknown): unknown {
  return (Object.hasOwn(ENGINES, engine as string) && ENGINES[engine as EngineName].defaultMaxFeatures) || 'all';
}

/** Parameters that say what a generator makes. */
export const GENERATOR_PARAMS: readonly ParamName[] = [
  ...(['samples', 'features', 'chunkSize', 'generator', 'informative', 'redundant', 'repeated', 'classes'] as const),
  ...(['clustersPerClass', 'weights', 'flipY', 'classSep', 'hypercube', 'shift', 'scale', 'shuffleSamples'] as const),
  ...(['withReplacement', 'noise', 'bias'] as const),
];
/** Parameters that say how a user's data are read. */
const DATA_PARAMS: readonly ParamName[] = [
  ...(['label', 'columns', 'drop', 'categorical', 'weightColumn', 'header', 'skipRows', 'chunkBytes'] as const),
  ...(['group', 'time', 'hashBy', 'side'] as const),
];

/**
 * What a person asked for, as parameters: beside `data`, `features` lists columns and `weights` names one, where they
 * otherwise say what a generator makes.
 *
 * @param show how a parameter is called where the input came from
 * @throws {InputError} on parameters of a generator beside `data`, those of data without, or `data` without a label
 */
export function readGiven(
  given: Record<string, unknown>,
  show: (name: string) => string = (name) => name,
): Record<string, unknown> {
  const has = (name: string) => given[name] !== undefined;
  if (!has('data')) {
    const stray = DATA_PARAMS.find(has);
    if (stray) throw new InputError(`${show(stray)} has a meaning beside ${show('data')} only`);
    return given;
  }
  const { features, weights, ...others } = given;
  const asList = (value: unknown) => (Array.isArray(value) ? value : [value]).map(String);
  const input: Record<string, unknown> = {
    ...others,
    ...(features !== undefined && { columns: asList(features) }),
    ...(weights !== undefined && { weightColumn: asList(weights).join(',') }),
  };
  const stray = GENERATOR_PARAMS.find((name) => input[name] !== undefined);
  if (stray) throw new InputError(`${show(stray)} has no meaning beside ${show('data')}`);
  if (typeof input.label === 'number') input.label = String(input.label);
  if (input.label === undefined) {
    throw new InputError(`${show('label')} must say which column of the data is to be predicted, by name or number`);
  }
  return input;
}
