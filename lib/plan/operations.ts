// The tasks of each fan-out of a run, and the durable operations that they take.

import { MAX_TASKS } from '../fanout/options.ts';
import type { Plan } from './plan.ts';

/** Tasks of each execution if a run has too many tasks for one execution. */
const SHARD_TASKS = 300;
/** Operations outside the fan-outs: the execution, the request, the report, one for each stage. */
const STEPS = 3 + 4;
/** Operations of a fan-out in addition to its tasks: its context, and the pause before the first poll. */
const FAN_OUT_STEPS = 2;

/** Tasks of each fan-out of a run, in order. */
function fanOutSizes({ numChunks, treeGroups, dataset, params, search }: Plan): number[] {
  const before = dataset.generator === 'file' ? [1, numChunks, 1, numChunks, 1] : [];
  const { folds = 0 } = params;
  const fits = search ? search.rounds.map(({ numCandidates }) => numCandidates * search.numFolds) : [];
  const after = folds > 0 && !search ? [folds] : [];
  return [...before, numChunks, 1, numChunks, ...fits, treeGroups.length, 1, ...after, numChunks];
}

/** Maximum number of tasks of a fan-out in the run's execution; larger fan-outs are divided into shards. */
export function maxTasksPerExecution(plan: Plan): number {
  const total = fanOutSizes(plan).reduce((sum, tasks) => sum + tasks);
  return total <= MAX_TASKS ? MAX_TASKS : SHARD_TASKS;
}

/** Durable operations of a run whose tasks all succeed at the first attempt, including the executions of shards. */
export function durableOperations(plan: Plan): number {
  const most = maxTasksPerExecution(plan);
  const ofFanOut = (tasks: number): number => {
    if (tasks <= most) return FAN_OUT_STEPS + tasks;
    const shards = Math.ceil(tasks / most);
    // each shard is one invocation, and an execution with a fan-out
    return 1 + shards + shards * (1 + FAN_OUT_STEPS) + tasks;
  };
  // before each round except the first, and before the best forest is grown: the choice, and the record of its tasks
  const choices = plan.search ? 2 * plan.search.rounds.length : 0;
  return fanOutSizes(plan).reduce((sum, tasks) => sum + ofFanOut(tasks), STEPS + choices);
}
