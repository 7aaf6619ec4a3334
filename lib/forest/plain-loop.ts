// What each thread does where the kernel can't be used: grow the next tree from the queue, until none is left.

import { TreeGrower } from './grow.ts';
import type { PackedRows } from './packed-rows.ts';
import type { ForestParams } from './params.ts';
import { takeNext } from './shared.ts';
import type { GrownTree } from './wasm/grow-loop.ts';

/** What one thread needs to know; goes through a message. */
export interface PlainGrowJob {
  kind: 'grow-plain';
  rows: PackedRows;
  params: ForestParams;
  queue: Int32Array;
  treeStart: number;
  numTrees: number;
}

/** The next tree of the queue, at each call; undefined when none is left. */
export function openPlainQueue({ rows, params, queue, treeStart, numTrees }: PlainGrowJob) {
  let grower: TreeGrower | undefined; // a thread that comes too late needs none
  return (): GrownTree | undefined => {
    const index = takeNext(queue);
    if (index >= numTrees) return undefined;
    grower ??= new TreeGrower(rows, params);
    return { index, tree: grower.grow(treeStart + index) };
  };
}
