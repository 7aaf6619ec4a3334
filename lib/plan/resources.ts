// The resources that the tasks of a run need, with a search or without, and the memory sizes that hold them.

import type { Plan } from './plan.ts';
import { searchTaskResources } from './search/search-resources.ts';
import { MEMORY_SIZES_MIB, memorySizeFor } from './stage-sizes.ts';
import { type TaskResources, trainingTaskResources } from './task-resources.ts';

/** The resources of each kind of task of a run, in the order in which they run. */
export function taskResources(plan: Plan): TaskResources[] {
  return plan.search ? searchTaskResources(plan, plan.search, trainingTaskResources) : trainingTaskResources(plan);
}

/** Index of the memory size that a stage's function needs for its tasks. */
export function memorySizeIndex(resources: readonly TaskResources[], stage: TaskResources['stage']): number {
  const own = resources.filter((task) => task.stage === stage);
  return Math.max(...own.map((task) => memorySizeFor(stage, task.peakMiB)));
}

/** Memory of the function that runs the tasks of one stage, in MiB. */
export function memoryMiB(resources: readonly TaskResources[]): number {
  const { stage } = resources[0];
  return MEMORY_SIZES_MIB[stage][memorySizeIndex(resources, stage)];
}
