// The plan of a search: its candidates, each with its own plan, and its rounds.

import { InputError } from '../../base/errors.ts';
import type { RunParams } from '../params.ts';
import type { Plan, SearchPlan } from '../plan.ts';
import type { Overrides } from './candidates.ts';
import { listCandidates } from './candidates.ts';
import { halvingRounds, type Resources, type Round } from './halving.ts';
import type { SearchSpec } from './spec.ts';

/** Maximum number of fits of a search: the report reads them all. */
const MAX_FITS = 10_000;

/** Parameters of a run that grows the forest of a candidate. */
export function withCandidate(params: RunParams, candidate: Overrides): RunParams {
  return { ...params, ...candidate, search: undefined };
}

/**
 * @param layOut makes the plan of a run without a search
 * @returns the plan of the run and of its search; the forest is that of the candidate that takes longest, as the best one is
 *   not known yet
 * @throws {InputError} when there are too many candidates or rows too few, or a candidate contradicts itself or the data
 */
export function planSearch(params: RunParams, spec: SearchSpec, layOut: (params: RunParams) => Plan): Plan {
  const { folds: numFolds = 0 } = params;
  const listed = checkSearch(params, spec);
  const candidates = listed.map((candidate) => ({
    params: candidate,
    plan: forCandidate(candidate, () => layOut(withCandidate(params, candidate))),
  }));
  const plans = candidates.map(({ plan }) => plan);
  const longest = plans.reduce((most, plan) => (plan.growSeconds > most.growSeconds ? plan : most));
  const rounds = spec.halving
    ? halvingRounds(candidates.length, spec.halving, findResources(longest, spec, numFolds))
    : [{ numCandidates: candidates.length, resources: longest.numTrain }];
  const seconds = plans.map(({ growSeconds }) => growSeconds).sort((a, b) => a - b);
  // half of the fits are done when the lower middle one is
  const spread = longest.growSeconds / seconds[(seconds.length - 1) >> 1];
  const search = { spec, numFolds, candidates, rounds, spread };
  return { ...longest, params: { ...longest.params, search: spec }, search };
}

/**
 * List the candidates, and check everything that does not depend on a user's data.
 *
 * @throws {InputError} when there are too many, or the folds would divide groups or mix times
 */
export function checkSearch({ folds: numFolds = 0, group, time, seed }: RunParams, spec: SearchSpec): Overrides[] {
  const listed = listCandidates(spec, seed);
  const numFits = listed.length * numFolds;
  if (numFits > MAX_FITS) {
    throw new InputError(
      `${listed.length} candidates × ${numFolds} folds are ${numFits} fits, at most ${MAX_FITS} are allowed`,
    );
  }
  if (group !== undefined || time !== undefined) {
    throw new InputError(
      `a search has random folds, which cannot be combined with ${group === undefined ? 'time' : 'group'}; remove one of them`,
    );
  }
  return listed;
}

/** Run `work`; if it throws an InputError, name the candidate in its message. */
export function forCandidate<T>(candidate: Overrides, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    const values = Object.entries(candidate).map(([name, value]) => `${name} ${JSON.stringify(value)}`);
    throw new InputError(`candidate ${values.join(', ')}: ${error.message}`);
  }
}

function findResources({ numTrain, numClasses, params }: Plan, { halving }: SearchSpec, numFolds: number): Resources {
  if (halving!.resource === 'trees') return { smallest: 1, smallestReason: 'the fewest', most: params.trees };
  const { minResources } = halving!;
  // each split of a fold needs at least one row
  const fewest = 2 * numFolds;
  if (typeof minResources === 'number' && minResources < fewest) {
    throw new InputError(`minResources must be at least ${fewest} rows, two for each fold, got ${minResources}`);
  }
  const smallestReason = `two${numClasses > 0 ? ` of each of ${numClasses} classes` : ''} in each of ${numFolds} folds`;
  return { smallest: fewest * Math.max(1, numClasses), smallestReason, most: numTrain };
}

/** The resource of a round as a share of the whole. */
export function resourceShare({ resources }: Round, { spec }: SearchPlan, { numTrain, params }: Plan): number {
  return resources / (spec.halving?.resource === 'trees' ? params.trees : numTrain);
}
