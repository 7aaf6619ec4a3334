// The candidates of a search: every combination of a grid, or a draw from it.

import { InputError } from '../../base/errors.ts';
import { exp, log } from '../../base/numeric.ts';
import { KeyedPermutation, RandomStream, STREAM } from '../../base/random.ts';
import type { SearchedName } from '../parameters/table.ts';
import type { RunParams } from '../params.ts';
import { type Distribution, drawsIntegers, isDistribution, MAX_CANDIDATES, type SearchSpec } from './spec.ts';

/** Draws per candidate before the ranges are rejected for having too few distinct candidates. */
const DRAWS_PER_CANDIDATE = 100;

/**
 * The candidates of a search, all distinct, in an order that depends only on the grid and the seed. A grid is enumerated in
 * the alphabetical order of its parameters; the last one changes fastest.
 *
 * @param seed integer from 0 to 2^53 - 1
 * @throws {InputError} when the grid has too many candidates, or fewer than the number to draw
 * Source: scikit-learn 1.9.1, `ParameterGrid` and `ParameterSampler`, which may draw a candidate twice from ranges.
 */
export function listCandidates({ grid, random }: SearchSpec, seed: number): Overrides[] {
  const names = Object.keys(grid);
  const isRange = names.some((name) => isDistribution(grid[name]));
  if (random !== null && isRange) return drawCandidates(grid, random, seed);
  const lists = names.map((name) => grid[name] as readonly unknown[]);
  const size = lists.reduce((product, values) => product * values.length, 1);
  if (random === null) {
    if (size > MAX_CANDIDATES) {
      throw new InputError(
        `the grid has ${size} candidates, at most ${MAX_CANDIDATES} are allowed; use fewer values, or draw some at random`,
      );
    }
    return Array.from({ length: size }, (_, i) => candidateAt(names, lists, i));
  }
  if (random > size) {
    throw new InputError(
      `random must be at most the ${size} candidates of the grid, got ${random}; omit it to try all`,
    );
  }
  if (size > Number.MAX_SAFE_INTEGER)
    throw new InputError(`the grid has too many candidates, about ${size}; use fewer values`);
  const order = new KeyedPermutation(size, seed, STREAM.candidates);
  return Array.from({ length: random }, (_, i) => candidateAt(names, lists, order.at(i)));
}

/** The candidate at an index of the grid. */
function candidateAt(names: readonly string[], lists: readonly (readonly unknown[])[], index: number): Overrides {
  const entries: [string, unknown][] = [];
  let remaining = index;
  for (let j = names.length - 1; j >= 0; j--) {
    const values = lists[j];
    entries.unshift([names[j], values[remaining % values.length]]);
    remaining = Math.floor(remaining / values.length);
  }
  return Object.fromEntries(entries) as Overrides;
}

function drawCandidates(grid: SearchSpec['grid'], random: number, seed: number): Overrides[] {
  const stream = new RandomStream(seed, STREAM.candidates);
  const drawn = new Map<string, Overrides>();
  for (let i = 0; drawn.size < random; i++) {
    if (i === random * DRAWS_PER_CANDIDATE) {
      throw new InputError(
        `random ${random}: the ranges gave ${drawn.size} distinct candidates in ${i} draws; use wider ranges or fewer candidates`,
      );
    }
    stream.seek(i);
    const candidate = Object.fromEntries(
      Object.entries(grid).map(([name, values]) => [
        name,
        isDistribution(values) ? drawNumber(stream, name, values) : values[stream.nextBelow(values.length)],
      ]),
    ) as Overrides;
    const key = JSON.stringify(candidate);
    if (!drawn.has(key)) drawn.set(key, candidate);
  }
  return [...drawn.values()];
}

/** Draw an integer, or a number rounded to 4 digits, which is easy to read and type. */
function drawNumber(stream: RandomStream, name: string, range: Distribution): number {
  const { from, to } = range;
  const isWhole = drawsIntegers(name, range);
  if (isWhole && !range.log) return from + stream.nextBelow(to - from + 1);
  const end = isWhole ? to + 1 : to;
  const share = stream.nextUnit();
  const value = range.log ? exp(log(from) + share * (log(end) - log(from))) : from + share * (end - from);
  return Math.min(to, Math.max(from, isWhole ? Math.floor(value) : Number(value.toPrecision(4))));
}

/** Parameters of one candidate, in alphabetical order; all others come from the run. */
export type Overrides = Partial<Pick<RunParams, SearchedName>>;
