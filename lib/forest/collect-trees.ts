// Trees that several threads grow from one queue, put in their order.

import { type BeforeTree, type NextTree, takeTrees } from './take-trees.ts';
import type { Tree } from './tree.ts';
import type { GrownTree } from './wasm/grow-loop.ts';
import { runOnThread } from './wasm/threads.ts';

/**
 * Do the first job on this thread, while others do the rest.
 *
 * @param jobs one for each thread, with the same queue; at least one
 * @param open what gives the trees of a job one by one, here as on a thread of the pool
 * @param queue the number of the next tree, shared by the threads
 * @param beforeTree asked before each tree of this thread
 */
export async function collectTrees<Job>(
  jobs: readonly Job[],
  open: (job: Job) => NextTree,
  queue: Int32Array,
  numTrees: number,
  beforeTree?: BeforeTree,
): Promise<Tree[]> {
  const others = Promise.all(jobs.slice(1).map((job) => runOnThread<GrownTree[]>(job)));
  others.catch(() => {}); // awaited below, after our own share
  const trees = new Array<Tree>(numTrees);
  for (const grown of [await takeTrees(open(jobs[0]), queue, numTrees, beforeTree), ...(await others)]) {
    for (const { index, tree } of grown) trees[index] = tree;
  }
  return trees;
}
