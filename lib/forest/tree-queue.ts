// Trees that several threads grow from one queue, put in their order.

import { runOnThread } from './threads.ts';
import type { Tree } from './tree.ts';

/** Called before each tree of the calling thread; throws to stop all threads after their tree. */
export type BeforeTree = () => Promise<void>;

/** A tree and its index among the requested ones. */
export interface GrownTree {
  index: number;
  tree: Tree;
}

/** Grows the next tree of the queue; undefined when none is left. */
export type NextTree = () => GrownTree | undefined;

/** The jobs of a queue of trees. */
export interface TreeQueue<Job> {
  /** One for each thread, with the same queue; at least one. */
  jobs: readonly Job[];
  /** What a thread of the pool does with such a job. */
  open: (job: Job) => NextTree;
  /** The number of the next tree, shared by all jobs. */
  queue: Int32Array;
  numTrees: number;
  beforeTree?: BeforeTree;
}

/** Do the first job on this thread, while others do the rest. */
export async function growFromQueue<Job>({ jobs, open, ...share }: TreeQueue<Job>): Promise<Tree[]> {
  const others = Promise.all(jobs.slice(1).map((job) => runOnThread<GrownTree[]>(job)));
  others.catch(() => {}); // awaited below, after this thread's share
  const trees = new Array<Tree>(share.numTrees);
  for (const grown of [await takeTrees(open(jobs[0]), share), ...(await others)]) {
    for (const { index, tree } of grown) trees[index] = tree;
  }
  return trees;
}

/** All trees that the queue still has, without a pause. */
export function takeAllTrees(next: NextTree): GrownTree[] {
  const trees: GrownTree[] = [];
  for (let grown = next(); grown; grown = next()) trees.push(grown);
  return trees;
}

/** The calling thread's share, with a pause before each tree in which the work can be called off. */
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
