// Trees that several threads grow from one queue, put in their order.

import { type BeforeTree, takeTrees } from './take-trees.ts';
import { runOnThread } from './threads.ts';
import type { Tree } from './tree.ts';
import type { GrownTree } from './wasm/grow-loop.ts';

/**
 * Do the first job on this thread, while others do the rest.
 *
 * @param jobs one for each thread, with the same queue of trees; at least one
 * @param open what a thread of the pool does with such a job: the next tree of the queue at each call
 * @param queue the number of the next tree, shared by all jobs
 */
export async function collectTrees<Job>(
  jobs: readonly Job[],
  numTrees: number,
  open: (job: Job) => () => GrownTree | undefined,
  queue: Int32Array,
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
