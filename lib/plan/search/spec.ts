// What a search is asked for: the values to try, how many, by which score, and whether in rounds.

import { InputError } from '../../base/errors.ts';
import { quote } from '../../base/quote.ts';
import { SEARCHED, type SearchedName } from '../parameters/table.ts';
import { type ScoringName, scoringNames } from './scoring.ts';

/** Values to be drawn: integers, ends included, where both ends are and the parameter takes them; else numbers. */
export interface Distribution {
  from: number;
  to: number;
  /** Whether logarithms are drawn evenly. */
  log?: true;
}

export interface Halving {
  /** Of `factor` candidates one goes on, with `factor` times the resource. Above 1. */
  factor: number;
  /** What later rounds have more of. */
  resource: 'rows' | 'trees';
  /** Of the first round: a count, as few as make sense, or as many as let the last round have all. */
  minResources: number | 'smallest' | 'exhaust';
  /** Of the last round at most; null for all training rows, or the run's trees. */
  maxResources: number | null;
  /** Whether the first rounds have the least, until few enough candidates are left. */
  aggressiveElimination: boolean;
}

/** `search` of a run's parameters, checked and with its defaults. */
export interface SearchSpec {
  /** Values of each parameter, in alphabetical order: all to be combined, or drawn from. */
  grid: Record<string, readonly unknown[] | Distribution>;
  /** Candidates to draw; null to try every combination. */
  random: number | null;
  scoring: ScoringName;
  /** Null to give every candidate all. */
  halving: Halving | null;
}

/** What `--halving` alone means. */
export const HALVING_DEFAULTS: Halving = {
  factor: 3,
  resource: 'rows',
  minResources: 'exhaust',
  maxResources: null,
  aggressiveElimination: false,
};
/** Candidates of a search at most: each is a row of the report. */
export const MAX_CANDIDATES = 1000;
/** A search without `folds` has so many. */
export const DEFAULT_FOLDS = 5;

/** Parameters that take numbers that are no whole ones only. */
const REAL: readonly string[] = ['minWeightFractionLeaf', 'minImpurityDecrease', 'ccpAlpha'];
const WITH_RANGE: readonly string[] = [
  ...(['trees', 'maxFeatures', 'maxDepth', 'minSamplesSplit', 'minSamplesLeaf', 'maxLeafNodes', 'maxSamples'] as const),
  ...REAL,
];

/** Whether numbers drawn for a parameter are whole ones. */
export function drawsWhole(name: string, { from, to }: Distribution): boolean {
  return !REAL.includes(name) && Number.isInteger(from) && Number.isInteger(to);
}

/**
 * Check what came from outside and fill in the defaults: the same search gives the same object, however it was written.
 *
 * @param task classification, or regression: what can be scored
 * @param allowedOf gives the values that a parameter may have, in words, where `value` is none of them
 * @param show how a parameter is called where the input came from
 * @throws {InputError} naming what is wrong, the value got and the values allowed
 */
export function parseSearch(
  input: unknown,
  task: unknown,
  allowedOf: (name: SearchedName, value: unknown) => string | undefined,
  show: (name: string) => string,
): SearchSpec {
  const names = scoringNames(task === 'regression' ? 'regression' : 'classification');
  const { grid, random = null, scoring = names[0], halving = false } = fieldsOf('search', input, ['grid', 'random', 'scoring', 'halving']); // biome-ignore format: one line
  if (random !== null && !isWhole(random, 1, MAX_CANDIDATES)) {
    throw new InputError(`${show('random')} must be an integer from 1 to ${MAX_CANDIDATES}, got ${quote(random)}`);
  }
  if (!names.includes(scoring as ScoringName)) {
    throw new InputError(`${show('scoring')} must be ${names.join(', ')}, got ${quote(scoring)}`);
  }
  const parsed = parseGrid(grid, allowedOf, show);
  const drawn = Object.keys(parsed).find((name) => isDistribution(parsed[name]));
  if (drawn !== undefined && random === null) {
    throw new InputError(
      `${show('grid')}: ${show(drawn)} has a range, from which only ${show('random')} draws; add it, or list the values`,
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
  allowedOf: (name: SearchedName, value: unknown) => string | undefined,
  show: (name: string) => string,
): SearchSpec['grid'] {
  const where = show('grid');
  if (!isObject(input) || Object.keys(input).length === 0) {
    throw new InputError(`${where} must give one parameter or more, each with the values to try, got ${quote(input)}`);
  }
  const grid: SearchSpec['grid'] = {};
  for (const name of Object.keys(input).sort()) {
    if (!SEARCHED.includes(name as SearchedName)) {
      throw new InputError(
        `${where}: ${show(name)} is none of the parameters that can be searched: ${SEARCHED.map(show).join(', ')}`,
      );
    }
    const check = (value: unknown) => {
      const allowed = allowedOf(name as SearchedName, value);
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
    if (known.has(text)) throw new InputError(`${where} has ${text} twice; give each value once`);
    known.add(text);
  }
  return values;
}

function parseDistribution(name: string, input: unknown, check: (value: unknown) => void, where: string): Distribution {
  if (!isObject(input)) throw new InputError(`${where} must be a list of values or a range, got ${quote(input)}`);
  const { from, to, log = false } = fieldsOf(where, input, ['from', 'to', 'log']);
  if (!WITH_RANGE.includes(name)) throw new InputError(`${where} takes no range, got ${quote(input)}; list the values`);
  check(from);
  check(to);
  if (typeof from !== 'number' || typeof to !== 'number' || from >= to) {
    throw new InputError(`${where} must be a range from a number to a larger one, got ${quote(input)}`);
  }
  if (!REAL.includes(name) && Number.isInteger(from) !== Number.isInteger(to)) {
    throw new InputError(`${where} must be a range of integers or of shares, got ${quote(input)}`);
  }
  if (typeof log !== 'boolean') throw new InputError(`${where}: log must be true or false, got ${quote(log)}`);
  if (log && from <= 0) throw new InputError(`${where}: a logarithmic range begins above 0, got ${quote(input)}`);
  return { from, to, ...(log && { log }) };
}

function parseHalving(input: unknown, grid: SearchSpec['grid'], show: (name: string) => string): Halving | null {
  if (input === false || input === null) return null;
  const given = input === true ? {} : fieldsOf('halving', input, Object.keys(HALVING_DEFAULTS));
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
    throw new InputError(`${show('grid')}: ${show('trees')} can't be searched where trees are the resource`);
  }
  return halving;
}

/** The fields of an object that has no others; an explicit `undefined` is as good as none. */
function fieldsOf(what: string, input: unknown, names: readonly string[]): Record<string, unknown> {
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
