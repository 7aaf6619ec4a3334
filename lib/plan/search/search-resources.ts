// The resources that the tasks of a run with a search need.

import type { Plan, SearchPlan } from '../plan.ts';
import type { TaskResources } from '../task-resources.ts';
import { resourceShare } from './plan-search.ts';

/** A fit's result: six scores and the resources it took. */
const FIT_BYTES = 500;

/**
 * One kind of task for each round, in which every candidate is equally likely to remain; then the tasks of the best
 * candidate, taken to be the one that takes longest. Memory is that of the largest candidate.
 *
 * @param trainingTaskResources gives the resources of each kind of task of a run without a search
 */
export function searchTaskResources(
  plan: Plan,
  search: SearchPlan,
  trainingTaskResources: (plan: Plan) => TaskResources[],
): TaskResources[] {
  const all = search.candidates.map((candidate) => trainingTaskResources(candidate.plan));
  const largestMiB = new Map<TaskResources['kind'], number>();
  for (const { kind, peakMiB } of all.flat()) largestMiB.set(kind, Math.max(peakMiB, largestMiB.get(kind) ?? 0));
  const folds = all.map((tasks) => tasks.find(({ kind }) => kind === 'fold')!);
  const meanSeconds = folds.reduce((sum, { seconds }) => sum + seconds, 0) / folds.length;
  const fits = search.rounds.map((round): TaskResources => {
    const share = resourceShare(round, search, plan);
    return {
      ...folds[0],
      kind: 'fit',
      numTasks: round.numCandidates * search.numFolds,
      seconds: meanSeconds * share,
      peakMiB: largestMiB.get('fold')!,
      bytesWritten: FIT_BYTES,
    };
  });
  return trainingTaskResources(plan).flatMap((task) => {
    if (task.kind === 'fold') return [];
    const largest = { ...task, peakMiB: largestMiB.get(task.kind)! };
    return task.kind === 'grow' ? [...fits, largest] : [largest];
  });
}
