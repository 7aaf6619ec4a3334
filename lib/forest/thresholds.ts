// Converts the tests of nodes for other programs: from a bin code to a threshold or a list of categories.

import type { BinEdges } from '../partition/rows.ts';
import { CATEGORICAL, MAX_CATEGORIES, SET_BYTES, type Tree } from './tree.ts';

/** Values up to this threshold go left; infinity when every known value goes left. */
export function cutThreshold(edges: BinEdges, feature: number, cut: number): number {
  return cut < edges[feature].length ? edges[feature][cut] : Number.POSITIVE_INFINITY;
}

/** Categories that go left, by node; no entry for a node that tests a threshold. */
export function categoriesByNode({ numNodes, flags, sets }: Tree): Map<number, number[]> {
  const byNode = new Map<number, number[]>();
  if (!flags || !sets) return byNode;
  let start = 0;
  for (let node = 0; node < numNodes; node++) {
    if (!(flags[node] & CATEGORICAL)) continue;
    byNode.set(node, listCategories(sets.subarray(start, start + SET_BYTES)));
    start += SET_BYTES;
  }
  return byNode;
}

function listCategories(set: Uint8Array): number[] {
  const categories: number[] = [];
  for (let category = 0; category < MAX_CATEGORIES; category++) {
    if ((set[category >> 3] >> (category & 7)) & 1) categories.push(category);
  }
  return categories;
}

/** Encode categories as a set in the format of trees. */
export function categorySet(categories: readonly number[]): Uint8Array {
  const set = new Uint8Array(SET_BYTES);
  for (const category of categories) set[category >> 3] |= 1 << (category & 7);
  return set;
}
