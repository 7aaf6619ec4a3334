// The calling thread's side of a queue of trees: start the other threads and sort the trees.

import { runOnThread } from './threads.ts';
import type { Tree } from './tree.ts';
import type { BeforeTree, GrownTree, NextTree } from './tree-queue.ts';

/** The jobs of a queue of trees. */
export interface TreeQueue<Job> {
  /** One job for each thread, all with the same queue; at least one. */
  jobs: readonly Job[];
  /** The task that a thread of the pool runs on each job. */
  open: (job: Job) => NextTree;
  /** Number of the next tree, shared by all jobs. */
  queue: Int32Array;
  numTrees: number;
  beforeTree?: BeforeTree;
}

/** Run the first job on this thread while other threads run the rest. */
export async function growFromQueue<Job>({ jobs, open, ...share }: TreeQueue<Job>): Promise<Tree[]> {
  const others = Promise.all(jobs.slice(1).map((job) => runOnThread<GrownTree[]>(job)));
  others.catch(() => {}); // awaited below, after this thread's share
  const trees = new Array<Tree>(share.numTrees);
  for (const grown of [await takeTrees(open(jobs[0]), share), ...(await others)]) {
    for (const { index, tree } of grown) trees[index] = tree;
  }
  return trees;
}

/** The calling thread's share, with a pause before each tree in which the caller can cancel the work. */
async function takeTrees(
  next: NextTree,
  { queue, numTrees, beforeTree }: Pick<TreeQueue<unknown>, 'queue' | 'numTrees' | 'beforeTree'>,
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
