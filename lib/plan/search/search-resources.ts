// What the tasks of a run with a search need.

import type { Plan, SearchPlan } from '../plan.ts';
import type { TaskResources } from '../task-resources.ts';
import { shareOf } from './plan-search.ts';

/**
 * A kind of task for each round, where all candidates are as likely to be left; then the best one's, which may be the one
 * that takes longest. Memory is that of the largest.
 *
 * @param needsOfOne gives what each kind of task of a run without a search needs
 */
export function searchResources(
  plan: Plan,
  search: SearchPlan,
  needsOfOne: (plan: Plan) => TaskResources[],
): TaskResources[] {
  const all = search.candidates.map((candidate) => needsOfOne(candidate.plan));
  const most = new Map<TaskResources['kind'], number>();
  for (const { kind, peakMiB } of all.flat()) most.set(kind, Math.max(peakMiB, most.get(kind) ?? 0));
  const folds = all.map((needs) => needs.find(({ kind }) => kind === 'fold')!);
  const meanSeconds = folds.reduce((sum, { seconds }) => sum + seconds, 0) / folds.length;
  const fits = search.rounds.map((round): TaskResources => {
    const share = shareOf(round, search, plan);
    return {
      ...folds[0],
      kind: 'fit',
      numTasks: round.numCandidates * search.numFolds,
      seconds: meanSeconds * share,
      peakMiB: most.get('fold')!,
      bytesWritten: FIT_BYTES,
    };
  });
  return needsOfOne(plan).flatMap((need) => {
    if (need.kind === 'fold') return [];
    const largest = { ...need, peakMiB: most.get(need.kind)! };
    return need.kind === 'grow' ? [...fits, largest] : [largest];
  });
}

/** Of a result: six scores and what it took. */
const FIT_BYTES = 500;
