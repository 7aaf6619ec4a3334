// The parameters of a run: the same names on the command line, in the API and in run.json.

import * as v from 'valibot';
import { InputError } from '../base/errors.ts';
import { quote } from '../base/quote.ts';
import { GENERATOR_TASKS, type GeneratorName } from '../datasets/spec.ts';
import type { EngineName } from '../forest/engine.ts';
import { ENGINES } from '../forest/engines.ts';
import { CLASS_WEIGHTS } from './parameters/forest.ts';
import { isByPosition, isNamed, rule } from './parameters/parameter.ts';
import { DATA_PARAMS, GENERATOR_PARAMS, RUN_DEFAULTS, SCHEMAS, TABLE_NAMES } from './parameters/table.ts';
import { DEFAULT_FOLDS, parseSearch, type SearchSpec } from './search/spec.ts';

const FIELDS = {
  ...SCHEMAS,
  // what to try: checked by `parseSearch`
  search: v.optional(rule<SearchSpec>('a search', () => true)),
};

const SCHEMA = v.strictObject(FIELDS);

/** Parameters of a run, all defaults filled in. */
export type RunParams = v.InferOutput<typeof SCHEMA>;
export type ParamName = keyof RunParams;

/** Names of all parameters, in the order of the help text. */
export const PARAM_NAMES: readonly ParamName[] = [...TABLE_NAMES, 'search'];

/**
 * Check external parameters and fill in the defaults. An explicit `undefined` means the default.
 *
 * @param input an object of parameters
 * @param show the name of a parameter at the source of the input, e.g. `--chunk-size` for `chunkSize`
 * @throws {InputError} naming the parameter, the value received and the values allowed
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
    // only a user's data have named classes
    if (data !== undefined || !isNamed(classWeight) || isByPosition(classWeight)) return result.output;
    throw new InputError(`${show('classWeight')} must be ${CLASS_WEIGHTS}, got ${quote(classWeight)}`);
  }
  const [issue] = result.issues;
  const name = String(issue.path?.[0]?.key);
  throw new InputError(`${show(name)} must be ${issue.message}, got ${quote(issue.input)}`);
}

/** The allowed values of a parameter, in words, if `value` is not one of them. */
function findAllowed(name: ParamName, value: unknown): string | undefined {
  return v.safeParse(FIELDS[name], value).issues?.[0].message;
}

/**
 * The task regression is set explicitly, or follows from a regression generator; it has its own generator and criterion,
 * and tries all features at a node, like scikit-learn's regressors.
 */
function defaultsOfTask({ task, generator, data }: Record<string, unknown>): Partial<RunParams> {
  const follows =
    data === undefined && Object.hasOwn(GENERATOR_TASKS, generator as string)
      ? GENERATOR_TASKS[generator as GeneratorName]
      : RUN_DEFAULTS.task;
  if ((task ?? follows) !== 'regression') return {};
  return { task: 'regression', generator: 'regression', criterion: 'squared_error', maxFeatures: 'all' };
}

/** The engine's default; an unknown engine is rejected later. */
function defaultMaxFeatures(engine: unknown): unknown {
  return (Object.hasOwn(ENGINES, engine as string) && ENGINES[engine as EngineName].defaultMaxFeatures) || 'all';
}

/**
 * The parameters that a user set: with `data`, `features` lists columns and `weights` names one; without, they describe
 * what a generator makes.
 *
 * @param show the name of a parameter at the source of the input
 * @throws {InputError} on generator parameters with `data`, data parameters without it, or `data` without a label
 */
export function readGiven(
  given: Record<string, unknown>,
  show: (name: string) => string = (name) => name,
): Record<string, unknown> {
  const has = (name: string) => given[name] !== undefined;
  if (!has('data')) {
    const stray = DATA_PARAMS.find(has);
    if (stray) throw new InputError(`${show(stray)} requires ${show('data')}`);
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
  if (stray) throw new InputError(`${show(stray)} cannot be combined with ${show('data')}`);
  if (typeof input.label === 'number') input.label = String(input.label);
  if (input.label === undefined) {
    throw new InputError(`${show('label')} must name the column to predict, or give its number`);
  }
  return input;
}
