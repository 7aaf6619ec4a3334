// The candidates of a search: every combination of a grid, or a draw from it.

import { InputError } from '../../base/errors.ts';
import { exp, log } from '../../base/numeric.ts';
import { KeyedPermutation, RandomStream, STREAM } from '../../base/random.ts';
import type { SearchedName } from '../parameters/table.ts'; // biome-ignore format: one line
import type { RunParams } from '../params.ts';
import { type Distribution, drawsWhole, isDistribution, MAX_CANDIDATES, type SearchSpec } from './spec.ts';

/** Draws for one candidate, before it is said that there are too few different ones. */
const DRAWS_PER_CANDIDATE = 100;

/**
 * The candidates of a search, all different, in an order that depends on the grid and the seed alone. A grid is gone
 * through by the alphabetical order of its parameters, the last changing fastest.
 *
 * @param seed integer from 0 to 2^53 - 1
 * @throws {InputError} when there are too many, or fewer than are to be drawn
 * Source: scikit-learn 1.9.1, `ParameterGrid` and `ParameterSampler`; that one may draw a candidate again from ranges.
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
      `random ${random} asks for more than the ${size} candidates of the grid; leave it out for all`,
    );
  }
  if (size > Number.MAX_SAFE_INTEGER) throw new InputError(`the grid has more candidates than can be counted, ${size}`);
  const order = new KeyedPermutation(size, seed, STREAM.candidates);
  return Array.from({ length: random }, (_, i) => candidateAt(names, lists, order.at(i)));
}

/** The candidate at a place of the grid. */
function candidateAt(names: readonly string[], lists: readonly (readonly unknown[])[], index: number): Overrides {
  const entries: [string, unknown][] = [];
  let rest = index;
  for (let j = names.length - 1; j >= 0; j--) {
    const values = lists[j];
    entries.unshift([names[j], values[rest % values.length]]);
    rest = Math.floor(rest / values.length);
  }
  return Object.fromEntries(entries) as Overrides;
}

function drawCandidates(grid: SearchSpec['grid'], random: number, seed: number): Overrides[] {
  const stream = new RandomStream(seed, STREAM.candidates);
  const drawn = new Map<string, Overrides>();
  for (let i = 0; drawn.size < random; i++) {
    if (i === random * DRAWS_PER_CANDIDATE) {
      throw new InputError(
        `random ${random}: the ranges gave ${drawn.size} different candidates in ${i} draws; use wider ranges, or fewer candidates`,
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

/** Numbers that are no whole ones have 4 digits: they can be read, and typed again. */
function drawNumber(stream: RandomStream, name: string, range: Distribution): number {
  const { from, to } = range;
  const isWhole = drawsWhole(name, range);
  if (isWhole && !range.log) return from + stream.nextBelow(to - from + 1);
  const end = isWhole ? to + 1 : to;
  const share = stream.nextUnit();
  const value = range.log ? exp(log(from) + share * (log(end) - log(from))) : from + share * (end - from);
  return Math.min(to, Math.max(from, isWhole ? Math.floor(value) : Number(value.toPrecision(4))));
}

/** Parameters of one candidate, in alphabetical order; all others are those of the run. */
export type Overrides = Partial<Pick<RunParams, SearchedName>>;
