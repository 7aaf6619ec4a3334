// Trees that several threads grow from one queue, put in their order.

import type { Tree } from './tree.ts';
import type { GrownTree } from './wasm/grow-loop.ts';
import { runOnThread } from './wasm/threads.ts';

/**
 * Do the first job on this thread, while others do the rest.
 *
 * @param jobs one for each thread, with the same queue of trees; at least one
 * @param growShare what a thread of the pool does with such a job
 */
export async function collectTrees<Job>(
  jobs: readonly Job[],
  numTrees: number,
  growShare: (job: Job) => GrownTree[],
): Promise<Tree[]> {
  const others = Promise.all(jobs.slice(1).map((job) => runOnThread<GrownTree[]>(job)));
  others.catch(() => {}); // awaited below, after our own share
  const trees = new Array<Tree>(numTrees);
  for (const grown of [growShare(jobs[0]), ...(await others)]) {
    for (const { index, tree } of grown) trees[index] = tree;
  }
  return trees;
}
