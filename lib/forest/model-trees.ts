// Decodes the trees in the sections of a file, and checks every number.

import { FormatError } from '../base/errors.ts';
import type { BinEdges } from '../partition/rows.ts';
import { LEAF_WEIGHT, type LeafTable } from './leaf-table.ts';
import { type Counts, LAYOUT, type Sections } from './model-layout.ts';
import { CATEGORICAL, LEAF, MAX_CLASSES, MAX_TREES, MISSING_LEFT, SET_BYTES, type Tree } from './tree.ts';

/** @throws {FormatError} when nodes, leaves or sets do not form complete trees */
export function readTrees(sections: Sections, { layout }: Counts): Tree[] {
  const { treeSizes, leafRows, flags, sets, impurity } = sections;
  const leaves = readLeaves(sections);
  const numLeafRows = leaves.start.length - 1;
  // each tree creates objects many times its size in the file
  if (treeSizes.length > MAX_TREES) damaged(`${treeSizes.length} trees, at most ${MAX_TREES}`);
  const next = new Uint32Array(sections.feature.length);
  const trees: Tree[] = [];
  let nodeStart = 0;
  let numLeaves = 0;
  let setStart = 0;
  for (const numNodes of treeSizes) {
    const nodeEnd = nodeStart + numNodes;
    if (numNodes % 2 === 0 || nodeEnd > next.length) damaged(`tree ${trees.length} of ${numNodes} nodes`);
    const tree: Tree = {
      numNodes,
      feature: sections.feature.subarray(nodeStart, nodeEnd),
      cut: sections.cut.subarray(nodeStart, nodeEnd),
      next: next.subarray(nodeStart, nodeEnd),
      leaves,
      ...(layout & LAYOUT.flags && { flags: flags.subarray(nodeStart, nodeEnd) }),
      ...(layout & LAYOUT.impurity && { impurity: impurity.subarray(nodeStart, nodeEnd) }),
    };
    // never more than the leaves stored: linkNodes accepts a tree with one leaf more than cuts only
    linkNodes(tree, leafRows.subarray(numLeaves, numLeaves + (numNodes + 1) / 2), numLeafRows, trees.length);
    const setEnd = setStart + countCategorical(tree) * SET_BYTES;
    if (setEnd > setStart) tree.sets = sets.subarray(setStart, setEnd);
    numLeaves += (numNodes + 1) / 2;
    nodeStart = nodeEnd;
    setStart = setEnd;
    trees.push(tree);
  }
  if (nodeStart < next.length) damaged(`${next.length} nodes where the trees have ${nodeStart}`);
  if (setStart !== sets.length) damaged(`${sets.length / SET_BYTES} sets where the trees have ${setStart / SET_BYTES}`);
  return trees;
}

/** @throws {FormatError} on a feature that does not exist, or a cut beyond its edges */
export function checkNodes(tree: Tree, edges: BinEdges, isCategorical: readonly boolean[]): void {
  for (let node = 0; node < tree.numNodes; node++) {
    const feature = tree.feature[node];
    if (feature === LEAF) continue;
    if (feature >= edges.length) damaged(`feature ${feature} of ${edges.length}`);
    const isSet = tree.flags !== undefined && (tree.flags[node] & CATEGORICAL) !== 0;
    if (isSet !== isCategorical[feature]) damaged(`feature ${feature}, categorical or not`);
    // a cut above all edges separates the known values from the missing ones
    const numCuts = edges[feature].length + (tree.flags ? 1 : 0);
    if (tree.cut[node] >= numCuts || (isSet && tree.cut[node] > 0)) {
      damaged(`cut ${tree.cut[node]} of ${edges[feature].length} edges`);
    }
  }
}

/** @throws {FormatError} when the number of classes differs, or the leaves belong to the other kind of model */
export function checkLeaves({ start, classes, counts }: LeafTable, numClasses: number): void {
  if (numClasses === 0 && !(counts instanceof Float64Array)) damaged('leaves of a classifier in a regressor');
  for (let row = 0; row + 1 < start.length; row++) {
    if (numClasses === 0) {
      const isLeaf = start[row + 1] - start[row] === 2 && classes[start[row] + LEAF_WEIGHT] === LEAF_WEIGHT;
      if (!isLeaf || !(counts[start[row] + LEAF_WEIGHT] > 0)) damaged(`leaf row ${row} of a regressor`);
      continue;
    }
    for (let i = start[row]; i < start[row + 1]; i++) {
      if (classes[i] >= numClasses || !(counts[i] > 0)) damaged(`leaf row ${row}, class ${classes[i]}`);
    }
  }
}

function countCategorical({ numNodes, feature, flags }: Tree): number {
  if (!flags) return 0;
  let numCategorical = 0;
  for (let node = 0; node < numNodes; node++) {
    if (flags[node] > (feature[node] === LEAF ? 0 : MISSING_LEFT | CATEGORICAL)) damaged(`flags ${flags[node]}`);
    if (flags[node] & CATEGORICAL) numCategorical++;
  }
  return numCategorical;
}

/** Find the right child of each node. In preorder it follows the first leaf that ends the left child's subtree. */
function linkNodes({ feature, next }: Tree, leafRows: Uint32Array, numLeafRows: number, treeIndex: number): void {
  const none = feature.length;
  let waiting = none; // last node that lacks its right child; `next` of it holds the one before, as on a stack
  let numLeaves = 0;
  for (let node = 0; node < feature.length; node++) {
    if (feature[node] !== LEAF) {
      next[node] = waiting;
      waiting = node;
      continue;
    }
    if (!(leafRows[numLeaves] < numLeafRows)) damaged(`leaf row ${leafRows[numLeaves]} of ${numLeafRows}`);
    next[node] = leafRows[numLeaves++];
    const isLast = node === feature.length - 1;
    if ((waiting === none) !== isLast) damaged(`tree ${treeIndex} doesn't end with its last leaf`);
    if (isLast) return;
    const parent = waiting;
    waiting = next[parent];
    next[parent] = node + 1;
  }
  damaged(`tree ${treeIndex} ends without a leaf`);
}

function readLeaves({ leafStart: start, leafClass: classes, leafCount: counts }: Sections): LeafTable {
  if (start[0] !== 0 || start[start.length - 1] !== counts.length) damaged('leaf table of another length');
  for (let row = 0; row + 1 < start.length; row++) {
    // with the ends checked, ascending starts are also in range
    if (start[row] >= start[row + 1]) damaged(`leaf row ${row} is empty`);
    for (let i = start[row]; i < start[row + 1]; i++) {
      const isAscending = i === start[row] || classes[i - 1] < classes[i];
      const isRight = isAscending && classes[i] < MAX_CLASSES && Number.isFinite(counts[i]);
      if (!isRight) damaged(`leaf row ${row}, class ${classes[i]}`);
    }
  }
  return { start, classes, counts };
}

function damaged(what: string): never {
  throw new FormatError(`model: damaged, ${what}`);
}
