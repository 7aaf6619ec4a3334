// Successive halving: the number of candidates and the resource of each round.

import { InputError } from '../../base/errors.ts';
import type { Halving } from './spec.ts';

/** One fan-out of a search. */
export interface Round {
  numCandidates: number;
  /** Training rows, before a fold is held out, or trees. */
  resources: number;
}

/** Limits of the resource. */
export interface Resources {
  /** The smallest useful amount: two rows of each class in each fold, or one tree. */
  smallest: number;
  /** Its reason, in words. */
  smallestReason: string;
  /** The whole resource. */
  most: number;
}

/**
 * The rounds of a search.
 *
 * @throws {InputError} when the first round would exceed the maximum of the last
 * Source: scikit-learn 1.9.1, `BaseSuccessiveHalving._run_search`. Unlike there, the logarithm is exact if the number of
 * candidates is a power of the factor: scikit-learn has one round less for 243 candidates and factor 3, from rounding.
 */
export function halvingRounds(numCandidates: number, halving: Halving, resources: Resources): Round[] {
  const { factor, aggressiveElimination, resource } = halving;
  const most = halving.maxResources ?? resources.most;
  if (most > resources.most) {
    throw new InputError(`maxResources must be at most the ${resources.most} ${resource} of the run, got ${most}`);
  }
  const numRequired = 1 + wholeLog(numCandidates, factor);
  let least = resources.smallest;
  if (halving.minResources === 'exhaust') least = Math.max(least, Math.floor(most / factor ** (numRequired - 1)));
  else if (halving.minResources !== 'smallest') least = halving.minResources;
  if (least > most) {
    const why = typeof halving.minResources === 'number' ? 'as set' : resources.smallestReason;
    throw new InputError(
      `minResources: the first round would have ${least} ${resource} (${why}), the last has ${most}; use more ${resource}, or no halving`,
    );
  }
  const numPossible = 1 + wholeLog(Math.floor(most / least), factor);
  const numRounds = aggressiveElimination ? numRequired : Math.min(numPossible, numRequired);
  let left = numCandidates;
  return Array.from({ length: numRounds }, (_, i) => {
    const power = aggressiveElimination ? Math.max(0, i - numRequired + numPossible) : i;
    const round = { numCandidates: left, resources: Math.min(most, Math.floor(factor ** power * least)) };
    left = numKept(left, factor);
    return round;
  });
}

/** Candidates of a round that stay for the next. */
function numKept(numCandidates: number, factor: number): number {
  return Math.ceil(numCandidates / factor);
}

/** The largest power of `base` that is at most `value`, which is 1 or more; `base` is above 1. */
function wholeLog(value: number, base: number): number {
  let power = 0;
  for (let reached = base; reached <= value; reached *= base) power++;
  return power;
}
