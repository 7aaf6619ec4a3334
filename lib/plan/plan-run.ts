// Plans a run: lays it out and checks that it can finish, before anything is spent.

import { InputError } from '../base/errors.ts';
import { parseLocation } from '../store/objects.ts';
import { dataParams, findSplitKind } from './data-params.ts';
import { checkFits } from './feasibility.ts';
import { checkTask, layOutRun } from './lay-out.ts';
import type { RunParams } from './params.ts';
import type { DataShape, Plan } from './plan.ts';
import { checkSearch, forCandidate, planSearch } from './search/plan-search.ts';

/** The orchestrator stores the parameters in a step's result, of which AWS keeps up to 256 KB inline. */
const MAX_PARAMS_BYTES = 200_000;

/**
 * Check everything that is known before a run starts; for a user's data, everything that does not depend on them.
 *
 * @throws {InputError} like `planRun`
 */
export function checkRunnable(params: RunParams): void {
  if (params.data === undefined) {
    planRun(params);
    return;
  }
  checkBytes(params);
  if (params.search) checkSearch(params, params.search);
  findSplitKind(params);
  checkTask(params);
  for (const location of dataParams(params).data) parseLocation(location);
}

/**
 * @param params checked by `parseRunParams`
 * @param shape the shape of a user's data; omitted for generated data
 * @throws {InputError} when the parameters contradict each other, or the run cannot finish
 */
export function planRun(params: RunParams, shape?: DataShape): Plan {
  checkBytes(params);
  if (params.data !== undefined && shape === undefined) {
    throw new InputError('a run on data files cannot be planned before the files have been read');
  }
  const layOut = (changed: RunParams) => layOutRun(changed, shape);
  const { search } = params;
  if (!search) {
    const plan = layOut(params);
    checkFits(plan, layOut);
    return plan;
  }
  const plan = planSearch(params, search, layOut);
  for (const candidate of plan.search!.candidates)
    forCandidate(candidate.params, () => checkFits(candidate.plan, layOut));
  return plan;
}

function checkBytes(params: RunParams): void {
  const bytes = JSON.stringify(params).length;
  if (bytes > MAX_PARAMS_BYTES) {
    throw new InputError(
      `the parameters take ${bytes} bytes as JSON, at most ${MAX_PARAMS_BYTES} are allowed; set shift, scale and weights to one number each`,
    );
  }
}
