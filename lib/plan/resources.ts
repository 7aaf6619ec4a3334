// What the tasks of a run need, with a search or without, and the functions that hold them.

import type { Plan } from './plan.ts';
import { searchResources } from './search/search-resources.ts';
import { MEMORY_SIZES_MIB, memorySizeFor } from './stage-sizes.ts';
import { needsOfOne, type TaskResources } from './task-resources.ts';

/** What each kind of task of a run needs, in the order in which they are done. */
export function taskResourcesOf(plan: Plan): TaskResources[] {
  return plan.search ? searchResources(plan, plan.search, needsOfOne) : needsOfOne(plan);
}

/** The size of a stage's function that is chosen for its tasks, by position. */
export function memorySizeOf(needs: readonly TaskResources[], stage: TaskResources['stage']): number {
  return Math.max(...needs.filter((need) => need.stage === stage).map(({ peakMiB }) => memorySizeFor(stage, peakMiB)));
}

/** Memory of the function that is chosen for the tasks of one stage, in MiB. */
export function memoryOf(needs: readonly TaskResources[]): number {
  const { stage } = needs[0];
  return MEMORY_SIZES_MIB[stage][memorySizeOf(needs, stage)];
}
