// The work of a thread of the general trainer: take the next tree from the queue and grow it, until none is left.

import { GeneralGrower } from './general-grow.ts';
import { type OobSums, oobSums } from './oob.ts';
import type { ForestParams, ResolvedParams } from './params.ts';
import { takeNext } from './shared.ts';
import type { TrainingTable } from './training-table.ts';
import type { Tree } from './tree.ts';
import type { NextTree } from './tree-queue.ts';

/** The work of one thread; sent as a message. */
export interface GeneralGrowJob {
  kind: 'grow-general';
  table: TrainingTable;
  params: ResolvedParams;
  queue: Int32Array;
  treeStart: number;
  numTrees: number;
}

/** Returns a function that grows the next tree of the queue at each call, and returns undefined when none is left. */
export function openGeneralQueue({ table, params, queue, treeStart, numTrees }: GeneralGrowJob): NextTree {
  let grower: GeneralGrower | undefined; // created with the first tree: a late thread may get none
  return () => {
    const index = takeNext(queue);
    if (index >= numTrees) return undefined;
    grower ??= new GeneralGrower(table, params);
    return { index, tree: grower.grow(treeStart + index) };
  };
}

/** A group of trees whose out-of-bag sums one thread computes; sent as a message. */
export interface OobJob {
  kind: 'oob';
  table: TrainingTable;
  params: ForestParams;
  trees: readonly Tree[];
  treeStart: number;
}

export function sumOob({ table, params, trees, treeStart }: OobJob): OobSums {
  return oobSums(table, params, trees, treeStart);
}
