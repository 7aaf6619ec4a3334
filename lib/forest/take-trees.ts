// The calling thread's share of the trees, with a pause before each in which the work can be called off.

import type { GrownTree } from './wasm/grow-loop.ts';

/** Asked before each tree of the calling thread; throws to stop all threads after their tree. */
export type BeforeTree = () => Promise<void>;

/** All that the queue still has, without a pause. */
export function takeAllTrees(next: () => GrownTree | undefined): GrownTree[] {
  const trees: GrownTree[] = [];
  for (let grown = next(); grown; grown = next()) trees.push(grown);
  return trees;
}

/**
 * @param next grows the next tree of the queue; undefined when none is left
 * @param queue the number of the next tree, shared with other threads
 */
export async function takeTrees(
  next: () => GrownTree | undefined,
  queue: Int32Array,
  numTrees: number,
  beforeTree?: BeforeTree,
): Promise<GrownTree[]> {
  const trees: GrownTree[] = [];
  try {
    for (;;) {
      await beforeTree?.();
      const grown = next();
      if (!grown) return trees;
      trees.push(grown);
    }
  } catch (error) {
    Atomics.store(queue, 0, numTrees);
    throw error;
  }
}
