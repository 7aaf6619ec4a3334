// Reads the trees of an ONNX operator from its lists, and brings their nodes into our order.

import { floorToFloat32, previousFloat32 } from '../forest/bins.ts';
import { categorySet } from '../forest/thresholds.ts';
import { MAX_CATEGORIES } from '../forest/tree.ts';
import type { ForestNode } from './build-model.ts';
import { type Attributes, fail } from './onnx-attributes.ts';

/** Class and weight of each entry of a leaf, ascending; for regression 0 and the value, then 1 and the weight. */
export type Entries = [index: number, count: number][];
/** Returns the entries of a leaf. */
export type LeafEntries = (treeId: number, nodeId: number) => Entries;

/** One tree as the file lists it; `indexOf` maps the ID of a node to its index in the lists. */
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

/** @throws {FormatError} when lists differ in length, or a node is listed twice */
export function readTrees(attributes: Attributes): ListedTree[] {
  const treeIds = attributes.integers('nodes_treeids');
  const ids = attributes.integers('nodes_nodeids');
  const features = attributes.integers('nodes_featureids');
  const modes = attributes.texts('nodes_modes');
  const thresholds = attributes.numbers('nodes_values');
  const trueIds = attributes.integers('nodes_truenodeids');
  const falseIds = attributes.integers('nodes_falsenodeids');
  const missing = attributes.integers('nodes_missing_value_tracks_true');
  const lists = [ids, features, modes, thresholds, trueIds, falseIds];
  if (treeIds.length === 0 || lists.some(({ length }) => length !== treeIds.length)) {
    fail(
      `lists of ${[treeIds, ...lists].map(({ length }) => length).join(', ')} nodes, expected the same length for all`,
    );
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
    if (tree.indexOf.has(ids[i])) fail(`node ${ids[i]} of tree ${treeId} is listed twice`);
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

/** The nodes of a tree in our order: each followed by its left subtree, then by its right subtree. */
export function toPreorder(tree: ListedTree, entries: LeafEntries): ForestNode[] {
  const nodes: ForestNode[] = [];
  const seen = new Set<number>();
  const stack: { index: number; parent?: { right: number } }[] = [{ index: 0 }];
  for (let item = stack.pop(); item; item = stack.pop()) {
    const { index, parent } = item;
    if (seen.has(index)) fail(`node ${tree.ids[index]} of tree ${tree.treeId} has two parents`);
    seen.add(index);
    if (parent) parent.right = nodes.length;
    if (tree.modes[index] === 'LEAF') {
      nodes.push({ entries: entries(tree.treeId, tree.ids[index]) });
      continue;
    }
    const { test, left, right } = readNode(tree, index, seen);
    const node = { ...test, right: 0 };
    stack.push({ index: right, parent: node }, { index: left });
    nodes.push(node);
  }
  return nodes;
}

function readNode(tree: ListedTree, index: number, seen: Set<number>) {
  const feature = tree.features[index];
  const threshold = tree.thresholds[index];
  const onTrue = findChild(tree, tree.trueIds[index]);
  const onFalse = findChild(tree, tree.falseIds[index]);
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
      const { categories, last } = readChain(tree, index, seen);
      return {
        test: { feature, categories: categorySet(categories), isMissingLeft: isMissingTrue },
        left: onTrue,
        right: last,
      };
    }
    default:
      return fail(`mode ${tree.modes[index]} is not supported`);
  }
}

/** Largest float32 below a threshold. */
function below(threshold: number): number {
  const floor = floorToFloat32(threshold);
  return floor < threshold ? floor : previousFloat32(floor);
}

/** Read a set of categories: a chain of nodes that each compare with one category and lead to the same child. */
function readChain(tree: ListedTree, index: number, seen: Set<number>) {
  const onTrue = findChild(tree, tree.trueIds[index]);
  const categories: number[] = [];
  let at = index;
  let last = findChild(tree, tree.falseIds[index]);
  for (;;) {
    const category = tree.thresholds[at];
    if (!Number.isInteger(category) || category >= MAX_CATEGORIES)
      fail(`a category must be from 0 to 254, got ${category}`);
    if (category >= 0) categories.push(category);
    const isSame =
      tree.modes[last] === 'BRANCH_EQ' &&
      tree.features[last] === tree.features[index] &&
      findChild(tree, tree.trueIds[last]) === onTrue &&
      !tree.isMissingTrue[last];
    if (!isSame) return { categories, last };
    if (seen.has(last)) fail(`node ${tree.ids[last]} of tree ${tree.treeId} has two parents`);
    seen.add(last);
    at = last;
    last = findChild(tree, tree.falseIds[last]);
  }
}

function findChild({ indexOf, treeId }: ListedTree, id: number): number {
  return indexOf.get(id) ?? fail(`tree ${treeId} has no node ${id}`);
}
