// The specification of a search: the values to try, the number of candidates, the score, and the rounds.

import { InputError } from '../../base/errors.ts';
import { quote } from '../../base/quote.ts';
import { SEARCHED, SEARCHED_BY_RANGE, SEARCHED_BY_REAL_RANGE, type SearchedName } from '../parameters/table.ts';
import { type ScoringName, scoringNames } from './scoring.ts';

/** A range to draw from: integers, ends included, if both ends are integers and the parameter takes them; else numbers. */
export interface Distribution {
  from: number;
  to: number;
  /** Whether the distribution is uniform in the logarithm. */
  log?: true;
}

export interface Halving {
  /** One of `factor` candidates stays for the next round, with `factor` times the resource. Above 1. */
  factor: number;
  /** The resource that grows from round to round. */
  resource: 'rows' | 'trees';
  /** Resource of the first round: a count, 'smallest', or 'exhaust' to let the last round use everything. */
  minResources: number | 'smallest' | 'exhaust';
  /** Maximum resource of the last round; null for all training rows, or all trees of the run. */
  maxResources: number | null;
  /** Whether the first rounds repeat the smallest resource until few enough candidates are left. */
  aggressiveElimination: boolean;
}

/** The parameter `search` of a run, checked and with defaults. */
export interface SearchSpec {
  /** Values of each parameter, in alphabetical order, to combine or to draw from. */
  grid: Record<string, readonly unknown[] | Distribution>;
  /** Candidates to draw; null to try every combination. */
  random: number | null;
  scoring: ScoringName;
  /** Null to give every candidate the full resource. */
  halving: Halving | null;
}

/** The meaning of `--halving` without further options. */
export const HALVING_DEFAULTS: Halving = {
  factor: 3,
  resource: 'rows',
  minResources: 'exhaust',
  maxResources: null,
  aggressiveElimination: false,
};
/** Maximum number of candidates of a search: each is a row of the report. */
export const MAX_CANDIDATES = 1000;
/** Folds of a search without `folds`. */
export const DEFAULT_FOLDS = 5;

/** Whether the numbers drawn for a parameter are integers. */
export function drawsIntegers(name: string, { from, to }: Distribution): boolean {
  return !SEARCHED_BY_REAL_RANGE.includes(name) && Number.isInteger(from) && Number.isInteger(to);
}

/**
 * Check an external search and fill in the defaults: equal searches give equal objects, however they were written.
 *
 * @param task classification or regression, which decides the scores
 * @param findAllowed gives the allowed values of a parameter, in words, if `value` is not one of them
 * @param show the name of a parameter at the source of the input
 * @throws {InputError} naming the field, the value received and the values allowed
 */
export function parseSearch(
  input: unknown,
  task: unknown,
  findAllowed: (name: SearchedName, value: unknown) => string | undefined,
  show: (name: string) => string,
): SearchSpec {
  const names = scoringNames(task === 'regression' ? 'regression' : 'classification');
  const {
    grid,
    random = null,
    scoring = names[0],
    halving = false,
  } = readFields('search', input, ['grid', 'random', 'scoring', 'halving']);
  if (random !== null && !isWhole(random, 1, MAX_CANDIDATES)) {
    throw new InputError(`${show('random')} must be an integer from 1 to ${MAX_CANDIDATES}, got ${quote(random)}`);
  }
  if (!names.includes(scoring as ScoringName)) {
    throw new InputError(`${show('scoring')} must be ${names.join(', ')}, got ${quote(scoring)}`);
  }
  const parsed = parseGrid(grid, findAllowed, show);
  const drawn = Object.keys(parsed).find((name) => isDistribution(parsed[name]));
  if (drawn !== undefined && random === null) {
    throw new InputError(
      `${show('grid')}: ${show(drawn)} has a range, which requires ${show('random')}; add it, or list the values`,
    );
  }
  return {
    grid: parsed,
    random: random as number | null,
    scoring: scoring as ScoringName,
    halving: parseHalving(halving, parsed, show),
  };
}

export function isDistribution(values: SearchSpec['grid'][string] | undefined): values is Distribution {
  return values !== undefined && !Array.isArray(values);
}

function parseGrid(
  input: unknown,
  findAllowed: (name: SearchedName, value: unknown) => string | undefined,
  show: (name: string) => string,
): SearchSpec['grid'] {
  const where = show('grid');
  if (!isObject(input) || Object.keys(input).length === 0) {
    throw new InputError(`${where} must have at least one parameter with the values to try, got ${quote(input)}`);
  }
  const grid: SearchSpec['grid'] = {};
  for (const name of Object.keys(input).sort()) {
    if (!SEARCHED.includes(name as SearchedName)) {
      throw new InputError(
        `${where}: ${show(name)} cannot be searched; the parameters that can are ${SEARCHED.map(show).join(', ')}`,
      );
    }
    const check = (value: unknown) => {
      const allowed = findAllowed(name as SearchedName, value);
      if (allowed) throw new InputError(`${show(name)} in ${where} must be ${allowed}, got ${quote(value)}`);
    };
    const values = input[name];
    grid[name] = Array.isArray(values)
      ? parseList(values, check, `${where}: ${show(name)}`)
      : parseDistribution(name, values, check, `${where}: ${show(name)}`);
  }
  return grid;
}

function parseList(values: unknown[], check: (value: unknown) => void, where: string): unknown[] {
  if (values.length === 0 || values.length > MAX_CANDIDATES) {
    throw new InputError(`${where} must have from 1 to ${MAX_CANDIDATES} values, got ${values.length}`);
  }
  const known = new Set<string>();
  for (const value of values) {
    check(value);
    const text = JSON.stringify(value);
    if (known.has(text)) throw new InputError(`${where} has ${text} twice; list each value once`);
    known.add(text);
  }
  return values;
}

function parseDistribution(name: string, input: unknown, check: (value: unknown) => void, where: string): Distribution {
  if (!isObject(input)) throw new InputError(`${where} must be a list of values or a range, got ${quote(input)}`);
  const { from, to, log = false } = readFields(where, input, ['from', 'to', 'log']);
  if (!SEARCHED_BY_RANGE.includes(name))
    throw new InputError(`${where} does not take a range, got ${quote(input)}; list the values`);
  check(from);
  check(to);
  if (typeof from !== 'number' || typeof to !== 'number' || from >= to) {
    throw new InputError(`${where} must be a range from a number to a larger one, got ${quote(input)}`);
  }
  if (!SEARCHED_BY_REAL_RANGE.includes(name) && Number.isInteger(from) !== Number.isInteger(to)) {
    throw new InputError(`${where} must be a range of integers or of shares, got ${quote(input)}`);
  }
  if (typeof log !== 'boolean') throw new InputError(`${where}: log must be true or false, got ${quote(log)}`);
  if (log && from <= 0) throw new InputError(`${where}: a logarithmic range must start above 0, got ${quote(input)}`);
  return { from, to, ...(log && { log }) };
}

function parseHalving(input: unknown, grid: SearchSpec['grid'], show: (name: string) => string): Halving | null {
  if (input === false || input === null) return null;
  const given = input === true ? {} : readFields('halving', input, Object.keys(HALVING_DEFAULTS));
  const halving = { ...HALVING_DEFAULTS, ...given } as Halving;
  const { factor, resource, minResources, maxResources, aggressiveElimination } = halving;
  const refuse = (name: keyof Halving, allowed: string): never => {
    throw new InputError(`${show(name)} must be ${allowed}, got ${quote(halving[name])}`);
  };
  const least = 'an integer ≥ 1';
  if (!(typeof factor === 'number' && factor > 1 && factor <= MAX_CANDIDATES)) {
    refuse('factor', `a number above 1, up to ${MAX_CANDIDATES}`);
  }
  if (resource !== 'rows' && resource !== 'trees') refuse('resource', 'rows or trees');
  if (minResources !== 'smallest' && minResources !== 'exhaust' && !isWhole(minResources, 1)) {
    refuse('minResources', `smallest, exhaust or ${least}`);
  }
  if (maxResources !== null && !isWhole(maxResources, 1)) refuse('maxResources', `${least}, or null for all there are`);
  if (typeof aggressiveElimination !== 'boolean') refuse('aggressiveElimination', 'true or false');
  if (resource === 'trees' && 'trees' in grid) {
    throw new InputError(`${show('grid')}: ${show('trees')} cannot be searched when it is the resource of halving`);
  }
  return halving;
}

/** The fields of an object, which must have no others; an explicit `undefined` counts as absent. */
function readFields(what: string, input: unknown, names: readonly string[]): Record<string, unknown> {
  if (!isObject(input)) throw new InputError(`${what} must be an object of ${names.join(', ')}, got ${quote(input)}`);
  const given = Object.entries(input).filter(([, value]) => value !== undefined);
  const stray = given.find(([name]) => !names.includes(name));
  if (stray) throw new InputError(`${what} has no ${quote(stray[0])}; known are ${names.join(', ')}`);
  return Object.fromEntries(given);
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isWhole = (value: unknown, least: number, most = Number.MAX_SAFE_INTEGER) =>
  Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most;
