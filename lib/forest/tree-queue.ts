// Trees that several threads grow from one queue. The bundle of a thread contains this file, so it must not import the
// pool.

import type { Tree } from './tree.ts';

/** Called before each tree of the calling thread; throws to stop all threads after their tree. */
export type BeforeTree = () => Promise<void>;

/** A tree and its index among the requested ones. */
export interface GrownTree {
  index: number;
  tree: Tree;
}

/** Grows the next tree of the queue; returns undefined when none is left. */
export type NextTree = () => GrownTree | undefined;

/** Grow all remaining trees of the queue, without a pause. */
export function takeAllTrees(next: NextTree): GrownTree[] {
  const trees: GrownTree[] = [];
  for (let grown = next(); grown; grown = next()) trees.push(grown);
  return trees;
}
