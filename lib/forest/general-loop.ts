// What each thread does for trees that only the general trainer can grow: take the next from the queue, until none is left.

import { GeneralGrower } from './general-grow.ts';
import { type OobSums, oobSums } from './oob.ts';
import type { ForestParams, ResolvedParams } from './params.ts';
import { takeNext } from './shared.ts';
import type { TrainingTable } from './training-table.ts';
import type { Tree } from './tree.ts';
import type { NextTree } from './tree-queue.ts';

/** What one thread needs to know; goes through a message. */
export interface GeneralGrowJob {
  kind: 'grow-general';
  table: TrainingTable;
  params: ResolvedParams;
  queue: Int32Array;
  treeStart: number;
  numTrees: number;
}

/** The next tree of the queue, at each call; undefined when none is left. */
export function openGeneralQueue({ table, params, queue, treeStart, numTrees }: GeneralGrowJob): NextTree {
  let grower: GeneralGrower | undefined; // a thread that comes too late needs none
  return () => {
    const index = takeNext(queue);
    if (index >= numTrees) return undefined;
    grower ??= new GeneralGrower(table, params);
    return { index, tree: grower.grow(treeStart + index) };
  };
}

/** A slice of the trees, for their out-of-bag sums; goes through a message. */
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
