// A thread's share of the trees: one after the other, until the queue is empty.

import type { GrownTree } from './wasm/grow-loop.ts';

/** Grows the next tree of a queue; undefined when none is left. */
export type NextTree = () => GrownTree | undefined;

/** Asked before each tree of the calling thread; throws to stop all threads after their tree. */
export type BeforeTree = () => Promise<void>;

/** The share of a thread of the pool. */
export function drain(next: NextTree): GrownTree[] {
  const trees: GrownTree[] = [];
  for (let grown = next(); grown; grown = next()) trees.push(grown);
  return trees;
}

/**
 * The share of the calling thread.
 *
 * @param queue the number of the next tree, shared with other threads
 */
export async function takeTrees(
  next: NextTree,
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
