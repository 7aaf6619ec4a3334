// The nodes and leaves of a forest as ONNX stores them: parallel lists, one for each attribute.

import { LEAF_VALUE, type LeafTable } from '../forest/leaf-table.ts';
import type { Model } from '../forest/model.ts';
import { categoriesByNode, cutThreshold } from '../forest/thresholds.ts';
import { LEAF, MAX_CATEGORIES, MISSING_LEFT, type Tree } from '../forest/tree.ts';
import { biggerChildFlags, leafWeights } from '../forest/walk.ts';

/** A threshold that no category is equal to. */
const NO_CATEGORY = -1;

/** The nodes of all trees, a list for each of ONNX's attributes. */
export interface NodeLists {
  trees: Int32Array;
  ids: Int32Array;
  features: Int32Array;
  trueIds: Int32Array;
  falseIds: Int32Array;
  missingTrue: Int32Array;
  modes: string[];
  thresholds: Float64Array;
}

/**
 * List the nodes of all trees. ONNX has no test for a set of categories: it becomes a chain of nodes that each compare
 * with one category and lead to the same child, for the categories that go left or those that go right, whichever are
 * fewer.
 */
export function listNodes(model: Model): NodeLists {
  const { trees, edges } = model;
  const chains = trees.map(makeChains);
  const length = trees.reduce((sum, { numNodes }, t) => {
    let extra = 0;
    for (const { members } of chains[t].values()) extra += members.length - 1;
    return sum + numNodes + extra;
  }, 0);
  const lists: NodeLists = {
    trees: new Int32Array(length),
    ids: new Int32Array(length),
    features: new Int32Array(length),
    trueIds: new Int32Array(length),
    falseIds: new Int32Array(length),
    missingTrue: new Int32Array(length),
    modes: new Array<string>(length).fill('LEAF'),
    thresholds: new Float64Array(length),
  };
  let at = 0;
  for (const [t, tree] of trees.entries()) {
    const flags = tree.flags ?? biggerChildFlags(tree, model.numClasses === 0);
    let nextId = tree.numNodes; // chains get IDs after the nodes of the tree
    const chained: { id: number; feature: number; category: number; onTrue: number; onFalse: number }[] = [];
    const add = (id: number) => {
      lists.trees[at] = t;
      lists.ids[at] = id;
      return at++;
    };
    for (let node = 0; node < tree.numNodes; node++) {
      const i = add(node);
      const feature = tree.feature[node];
      if (feature === LEAF) continue;
      const isMissingLeft = (flags[node] & MISSING_LEFT) !== 0;
      lists.features[i] = feature;
      const chain = chains[t].get(node);
      if (!chain) {
        lists.modes[i] = 'BRANCH_LEQ';
        lists.thresholds[i] = cutThreshold(edges, feature, tree.cut[node]);
        lists.trueIds[i] = node + 1;
        lists.falseIds[i] = tree.next[node];
        lists.missingTrue[i] = Number(isMissingLeft);
        continue;
      }
      const { members, isLeft } = chain;
      const onTrue = isLeft ? node + 1 : tree.next[node];
      const onFalse = isLeft ? tree.next[node] : node + 1;
      lists.modes[i] = 'BRANCH_EQ';
      lists.thresholds[i] = members[0];
      lists.trueIds[i] = onTrue;
      lists.falseIds[i] = members.length > 1 ? nextId : onFalse;
      // a missing value either leaves the chain at its first node or passes all of it
      lists.missingTrue[i] = Number(isMissingLeft === isLeft);
      for (const [k, category] of members.slice(1).entries()) {
        const isLast = k === members.length - 2;
        const id = nextId++;
        chained.push({ id, feature, category, onTrue, onFalse: isLast ? onFalse : nextId });
      }
    }
    for (const { id, feature, category, onTrue, onFalse } of chained) {
      const i = add(id);
      lists.features[i] = feature;
      lists.modes[i] = 'BRANCH_EQ';
      lists.thresholds[i] = category;
      lists.trueIds[i] = onTrue;
      lists.falseIds[i] = onFalse;
    }
  }
  return lists;
}

interface Chain {
  /** Categories that leave the chain; `NO_CATEGORY` alone if there are none. */
  members: number[];
  /** Whether the members go left. */
  isLeft: boolean;
}

function makeChains(tree: Tree): Map<number, Chain> {
  const chains = new Map<number, Chain>();
  for (const [node, left] of categoriesByNode(tree)) {
    const isLeft = left.length <= MAX_CATEGORIES / 2;
    const goesLeft = new Set(left);
    const right = Array.from({ length: MAX_CATEGORIES }, (_, category) => category).filter((c) => !goesLeft.has(c));
    const members = isLeft ? left : right;
    chains.set(node, { members: members.length > 0 ? members : [NO_CATEGORY], isLeft });
  }
  return chains;
}

interface LeafLists {
  ids: Int32Array;
  leafNodes: Int32Array;
  leafTrees: Int32Array;
  weights: Float64Array;
}

/** List the class fractions of every leaf. */
export function listFractions(trees: readonly Tree[]): LeafLists {
  const totals = new Map<LeafTable, Float64Array>();
  for (const { leaves } of trees) if (!totals.has(leaves)) totals.set(leaves, leafWeights(leaves, false));
  return listLeaves(trees, ({ leaves }, row, add) => {
    const total = totals.get(leaves)![row];
    for (let i = leaves.start[row]; i < leaves.start[row + 1]; i++) add(leaves.classes[i], leaves.counts[i] / total);
  });
}

/** List the value of every leaf. */
export function listValues(trees: readonly Tree[]): LeafLists {
  return listLeaves(trees, ({ leaves }, row, add) => add(0, leaves.counts[leaves.start[row] + LEAF_VALUE]));
}

function listLeaves(
  trees: readonly Tree[],
  visit: (tree: Tree, row: number, add: (id: number, weight: number) => void) => void,
): LeafLists {
  let length = 0;
  for (const tree of trees) forEachLeaf(tree, (_node, row) => visit(tree, row, () => length++));
  const lists: LeafLists = {
    ids: new Int32Array(length),
    leafNodes: new Int32Array(length),
    leafTrees: new Int32Array(length),
    weights: new Float64Array(length),
  };
  let at = 0;
  for (const [t, tree] of trees.entries()) {
    forEachLeaf(tree, (node, row) =>
      visit(tree, row, (id, weight) => {
        lists.ids[at] = id;
        lists.leafNodes[at] = node;
        lists.leafTrees[at] = t;
        lists.weights[at++] = weight;
      }),
    );
  }
  return lists;
}

function forEachLeaf({ numNodes, feature, next }: Tree, visit: (node: number, row: number) => void): void {
  for (let node = 0; node < numNodes; node++) if (feature[node] === LEAF) visit(node, next[node]);
}
