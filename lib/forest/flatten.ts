// A grown tree as flat arrays in preorder.

import type { Criterion } from './criterion.ts';
import type { GrowNode } from './grow-node.ts';
import { LeafTableBuilder } from './leaf-table.ts';
import type { ResolvedParams } from './params.ts';
import { hasRealWeights } from './sampling.ts';
import { isFlagged, isWide, type TrainingTable } from './training-table.ts';
import { CATEGORICAL, LEAF, MISSING_LEFT, SET_BYTES, type Tree } from './tree.ts';

/** Optional parts of the trees of a forest, in addition to features and cuts. */
export interface TreeLayout {
  /** Whether leaf counts may be other than integers. */
  hasRealLeaves: boolean;
  hasWideCuts: boolean;
  hasFlags: boolean;
  hasImpurity: boolean;
}

export function treeLayout(table: TrainingTable, params: ResolvedParams): TreeLayout {
  return {
    hasRealLeaves: !table.target.labels || hasRealWeights(table, params) || params.monotonicConstraints !== null,
    hasWideCuts: isWide(table),
    hasFlags: isFlagged(table),
    hasImpurity: params.criterion === 'absolute_error' || params.monotonicConstraints !== null,
  };
}

/** @param rows rows of the tree; each node holds a range of them */
export function flatten(root: GrowNode, rows: Int32Array, criterion: Criterion, layout: TreeLayout): Tree {
  const nodes = listNodes(root);
  const leaves = new LeafTableBuilder(layout.hasRealLeaves);
  const sets: Uint8Array[] = [];
  const tree: Omit<Tree, 'leaves'> = {
    numNodes: nodes.length,
    feature: new Uint16Array(nodes.length),
    cut: layout.hasWideCuts ? new Uint16Array(nodes.length) : new Uint8Array(nodes.length),
    next: new Uint32Array(nodes.length),
    ...(layout.hasFlags && { flags: new Uint8Array(nodes.length) }),
    ...(layout.hasImpurity && { impurity: new Float64Array(nodes.length) }),
  };
  for (const [i, { node, parent }] of nodes.entries()) {
    if (parent >= 0) tree.next[parent] = i;
    if (tree.impurity || node.children === null) criterion.enter(rows, node.start, node.end);
    if (tree.impurity) tree.impurity[i] = criterion.impurity();
    if (node.children === null) {
      tree.feature[i] = LEAF;
      tree.next[i] = criterion.addLeaf(leaves, node.bounds);
      continue;
    }
    const { feature, cut, isMissingLeft, categories } = node.split!;
    tree.feature[i] = feature;
    tree.cut[i] = cut;
    if (tree.flags) tree.flags[i] = (isMissingLeft ? MISSING_LEFT : 0) | (categories ? CATEGORICAL : 0);
    if (categories) sets.push(categories);
  }
  if (sets.length > 0) Object.assign(tree, { sets: concat(sets) });
  return { ...tree, leaves: leaves.take() };
}

/** The nodes in preorder; a right child comes with the number of its parent. */
function listNodes(root: GrowNode): { node: GrowNode; parent: number }[] {
  const nodes: { node: GrowNode; parent: number }[] = [];
  const waiting = [{ node: root, parent: -1 }];
  for (let item = waiting.pop(); item; item = waiting.pop()) {
    const { children } = item.node;
    if (children) waiting.push({ node: children[1], parent: nodes.length }, { node: children[0], parent: -1 });
    nodes.push(item);
  }
  return nodes;
}

function concat(sets: Uint8Array[]): Uint8Array {
  const all = new Uint8Array(sets.length * SET_BYTES);
  for (const [i, set] of sets.entries()) all.set(set, i * SET_BYTES);
  return all;
}
