// The trees of an ONNX operator: out of its lists, and into our order.

import { floorToFloat32, previousFloat32 } from '../forest/bins.ts';
import { categorySet } from '../forest/thresholds.ts';
import { MAX_CATEGORIES } from '../forest/tree.ts';
import type { ForestNode } from './build-model.ts';
import { type Attributes, fail } from './onnx-attributes.ts';

/** Class and weight of each entry of a leaf, ascending; in a regressor 0 and its value, then 1 and its weight. */
export type Entries = [index: number, count: number][];
/** What a leaf holds, by the tree's id and the node's. */
export type LeafEntries = (treeId: number, nodeId: number) => Entries;

/** One tree as the file lists it: positions of nodes stand for their ids. */
export interface ListedTree {
  treeId: number;
  ids: number[];
  features: number[];
  modes: string[];
  thresholds: number[];
  isMissingTrue: boolean[];
  trueIds: number[];
  falseIds: number[];
  indexOf: Map<number, number>;
}

/** @throws {FormatError} on lists of different lengths, or a node that is there twice */
export function readTrees(attributes: Attributes): ListedTree[] {
  const treeIds = attributes.wholes('nodes_treeids');
  const ids = attributes.wholes('nodes_nodeids');
  const features = attributes.wholes('nodes_featureids');
  const modes = attributes.texts('nodes_modes');
  const thresholds = attributes.numbers('nodes_values');
  const trueIds = attributes.wholes('nodes_truenodeids');
  const falseIds = attributes.wholes('nodes_falsenodeids');
  const missing = attributes.wholes('nodes_missing_value_tracks_true');
  const lists = [ids, features, modes, thresholds, trueIds, falseIds];
  if (treeIds.length === 0 || lists.some(({ length }) => length !== treeIds.length)) {
    fail(`lists of ${[treeIds, ...lists].map(({ length }) => length).join(', ')} nodes, expected as many in each`);
  }
  const trees = new Map<number, ListedTree>();
  for (let i = 0; i < treeIds.length; i++) {
    const treeId = treeIds[i];
    let tree = trees.get(treeId);
    if (!tree) {
      tree = {
        treeId,
        ids: [],
        features: [],
        modes: [],
        thresholds: [],
        isMissingTrue: [],
        trueIds: [],
        falseIds: [],
        indexOf: new Map(),
      };
      trees.set(treeId, tree);
    }
    if (tree.indexOf.has(ids[i])) fail(`node ${ids[i]} of tree ${treeId} is there twice`);
    tree.indexOf.set(ids[i], tree.ids.length);
    tree.ids.push(ids[i]);
    tree.features.push(features[i]);
    tree.modes.push(modes[i]);
    tree.thresholds.push(thresholds[i]);
    tree.isMissingTrue.push(missing[i] === 1);
    tree.trueIds.push(trueIds[i]);
    tree.falseIds.push(falseIds[i]);
  }
  return [...trees.values()];
}

/** A tree's nodes as ours are: each followed by its left subtree, then by its right one. */
export function inPreorder(tree: ListedTree, entries: LeafEntries): ForestNode[] {
  const nodes: ForestNode[] = [];
  const seen = new Set<number>();
  const waiting = [{ index: 0, parent: -1 }];
  for (let item = waiting.pop(); item; item = waiting.pop()) {
    const { index, parent } = item;
    if (seen.has(index)) fail(`node ${tree.ids[index]} of tree ${tree.treeId} has two parents`);
    seen.add(index);
    if (parent >= 0) (nodes[parent] as { right: number }).right = nodes.length;
    if (tree.modes[index] === 'LEAF') {
      nodes.push({ entries: entries(tree.treeId, tree.ids[index]) });
      continue;
    }
    const { test, left, right } = readNode(tree, index, seen);
    waiting.push({ index: right, parent: nodes.length }, { index: left, parent: -1 });
    nodes.push({ ...test, right: 0 });
  }
  return nodes;
}

function readNode(tree: ListedTree, index: number, seen: Set<number>) {
  const feature = tree.features[index];
  const threshold = tree.thresholds[index];
  const onTrue = childOf(tree, tree.trueIds[index]);
  const onFalse = childOf(tree, tree.falseIds[index]);
  const isMissingTrue = tree.isMissingTrue[index];
  const swapped = { left: onFalse, right: onTrue };
  const plain = { left: onTrue, right: onFalse };
  const test = (atMost: number, isMissingLeft: boolean) => ({ feature, atMost, isMissingLeft });
  switch (tree.modes[index]) {
    case 'BRANCH_LEQ':
      return { test: test(floorToFloat32(threshold), isMissingTrue), ...plain };
    case 'BRANCH_LT':
      return { test: test(below(threshold), isMissingTrue), ...plain };
    case 'BRANCH_GT':
      return { test: test(floorToFloat32(threshold), !isMissingTrue), ...swapped };
    case 'BRANCH_GTE':
      return { test: test(below(threshold), !isMissingTrue), ...swapped };
    case 'BRANCH_EQ': {
      const { categories, last } = readChain(tree, index, onTrue, onFalse, seen);
      return {
        test: { feature, categories: categorySet(categories), isMissingLeft: isMissingTrue },
        left: onTrue,
        right: last,
      };
    }
    default:
      return fail(`the mode ${tree.modes[index]} can't be read`);
  }
}

/** Largest float32 below a threshold. */
function below(threshold: number): number {
  const floor = floorToFloat32(threshold);
  return floor < threshold ? floor : previousFloat32(floor);
}

/** Categories of nodes that lead to the same child, one after the other, as sets are written. */
function readChain(tree: ListedTree, index: number, onTrue: number, onFalse: number, seen: Set<number>) {
  const categories: number[] = [];
  let at = index;
  let last = onFalse;
  for (;;) {
    const category = tree.thresholds[at];
    if (!Number.isInteger(category) || category >= MAX_CATEGORIES)
      fail(`a category must be from 0 to 254, got ${category}`);
    if (category >= 0) categories.push(category);
    const isSame =
      tree.modes[last] === 'BRANCH_EQ' &&
      tree.features[last] === tree.features[index] &&
      childOf(tree, tree.trueIds[last]) === onTrue &&
      !tree.isMissingTrue[last];
    if (!isSame) return { categories, last };
    if (seen.has(last)) fail(`node ${tree.ids[last]} of tree ${tree.treeId} has two parents`);
    seen.add(last);
    at = last;
    last = childOf(tree, tree.falseIds[last]);
  }
}

function childOf({ indexOf, treeId }: ListedTree, id: number): number {
  return indexOf.get(id) ?? fail(`tree ${treeId} has no node ${id}`);
}
