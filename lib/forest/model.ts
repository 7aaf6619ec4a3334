// Models and groups of trees as bytes; format.md describes them.

import { FormatError } from '../errors.ts';
import type { BinEdges } from '../partition/rows.ts';
import { type LeafTable, LeafTableBuilder } from './leaf-table.ts';
import { type Counts, createFile, KIND_MODEL, KIND_TREES, openFile, type Sections, sealFile } from './model-layout.ts';
import { LEAF, MAX_CLASSES, type Tree } from './tree.ts';

export type ClassLabel = string | number;

export interface Model {
  numFeatures: number;
  numClasses: number;
  /** What the classes are called, shape [numClasses]. */
  classLabels: ClassLabel[];
  edges: BinEdges;
  trees: Tree[];
}

/**
 * A model as bytes.
 *
 * @param classLabels names of the classes; their numbers when left out
 */
export function encodeModel(
  trees: readonly Tree[],
  edges: BinEdges,
  numClasses: number,
  classLabels: readonly ClassLabel[] = Array.from({ length: numClasses }, (_, k) => k),
): Uint8Array {
  const labels = new TextEncoder().encode(JSON.stringify(classLabels));
  const numEdges = edges.reduce((sum, { length }) => sum + length, 0);
  const counts = { numFeatures: edges.length, numClasses, numEdges, labelBytes: labels.length };
  return encode(KIND_MODEL, counts, trees, (sections) => {
    sections.labels.set(labels);
    sections.edgeCounts.set(edges.map(({ length }) => length));
    let at = 0;
    for (const featureEdges of edges) {
      sections.edges.set(featureEdges, at);
      at += featureEdges.length;
    }
  });
}

/** The trees that one worker grew, as bytes. */
export function encodeTrees(trees: readonly Tree[]): Uint8Array {
  return encode(KIND_TREES, { numFeatures: 0, numClasses: 0, numEdges: 0, labelBytes: 0 }, trees, () => {});
}

/** The model of groups of trees, given in tree order: the bytes that `encodeModel` gives for all of their trees. */
export function assembleModel(
  groups: readonly Uint8Array[],
  edges: BinEdges,
  numClasses: number,
  classLabels?: readonly ClassLabel[],
): Uint8Array {
  return encodeModel(groups.flatMap(decodeTrees), edges, numClasses, classLabels);
}

/**
 * The model in a file. Its arrays are views of `bytes`, which must not change afterwards.
 *
 * @throws {FormatError} when the bytes are no model, of another version, or damaged
 */
export function decodeModel(bytes: Uint8Array): Model {
  const { counts, sections } = openFile(bytes, KIND_MODEL);
  const { numFeatures, numClasses } = counts;
  const edges = readEdges(sections);
  const trees = readTrees(sections, numClasses);
  for (const tree of trees) {
    for (let node = 0; node < tree.numNodes; node++) {
      const feature = tree.feature[node];
      if (feature !== LEAF) {
        if (feature >= numFeatures) damaged(`feature ${feature} of ${numFeatures}`);
        if (tree.cut[node] >= edges[feature].length) damaged(`cut ${tree.cut[node]} of ${edges[feature].length} edges`);
      }
    }
  }
  if (trees.length === 0) damaged('no trees');
  return { numFeatures, numClasses, classLabels: readLabels(sections.labels, numClasses), edges, trees };
}

/**
 * The trees of one worker; a model's feature and class numbers are checked when the model is read.
 *
 * @throws {FormatError} when the bytes are no group of trees, of another version, or damaged
 */
export function decodeTrees(bytes: Uint8Array): Tree[] {
  return readTrees(openFile(bytes, KIND_TREES).sections, MAX_CLASSES);
}

function encode(
  kind: number,
  counts: Pick<Counts, 'numFeatures' | 'numClasses' | 'numEdges' | 'labelBytes'>,
  trees: readonly Tree[],
  fill: (sections: Sections) => void,
): Uint8Array {
  const numNodes = trees.reduce((sum, tree) => sum + tree.numNodes, 0);
  const leafRows = new Uint32Array((numNodes + trees.length) / 2);
  const leaves = tabulateLeaves(trees, leafRows);
  const { bytes, sections } = createFile(kind, {
    ...counts,
    numTrees: trees.length,
    numNodes,
    numLeafRows: leaves.start.length - 1,
    numLeafEntries: leaves.counts.length,
  });
  fill(sections);
  let at = 0;
  for (const [i, tree] of trees.entries()) {
    sections.treeSizes[i] = tree.numNodes;
    sections.feature.set(tree.feature, at);
    sections.cut.set(tree.cut, at);
    at += tree.numNodes;
  }
  sections.leafRows.set(leafRows);
  sections.leafStart.set(leaves.start);
  sections.leafClass.set(leaves.classes);
  sections.leafCount.set(leaves.counts);
  sealFile(bytes);
  return bytes;
}

/** One table for all trees; `leafRows` receives the row of each leaf. */
function tabulateLeaves(trees: readonly Tree[], leafRows: Uint32Array): LeafTable {
  const builder = new LeafTableBuilder();
  const rowsOfTable = new Map<LeafTable, Int32Array>();
  let numLeaves = 0;
  for (const { feature, next, leaves } of trees) {
    const rows = rowsOfTable.get(leaves) ?? new Int32Array(leaves.start.length).fill(-1);
    rowsOfTable.set(leaves, rows);
    for (let node = 0; node < feature.length; node++) {
      if (feature[node] !== LEAF) continue;
      const row = next[node];
      if (rows[row] < 0) rows[row] = builder.copyRow(leaves, row);
      leafRows[numLeaves++] = rows[row];
    }
  }
  return builder.take();
}

function readTrees(sections: Sections, numClasses: number): Tree[] {
  const { treeSizes, leafRows } = sections;
  const leaves = readLeaves(sections, numClasses);
  const numLeafRows = leaves.start.length - 1;
  const next = new Uint32Array(sections.feature.length);
  const trees: Tree[] = [];
  let nodeStart = 0;
  let numLeaves = 0;
  for (const numNodes of treeSizes) {
    const nodeEnd = nodeStart + numNodes;
    if (numNodes % 2 === 0 || nodeEnd > next.length) damaged(`tree ${trees.length} of ${numNodes} nodes`);
    const tree: Tree = {
      numNodes,
      feature: sections.feature.subarray(nodeStart, nodeEnd),
      cut: sections.cut.subarray(nodeStart, nodeEnd),
      next: next.subarray(nodeStart, nodeEnd),
      leaves,
    };
    // never more than the leaves stored: linkNodes accepts a tree with one leaf more than cuts only
    linkNodes(tree, leafRows.subarray(numLeaves, numLeaves + (numNodes + 1) / 2), numLeafRows, trees.length);
    numLeaves += (numNodes + 1) / 2;
    nodeStart = nodeEnd;
    trees.push(tree);
  }
  if (nodeStart < next.length) damaged(`${next.length} nodes where the trees have ${nodeStart}`);
  return trees;
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

function readLeaves(
  { leafStart: start, leafClass: classes, leafCount: counts }: Sections,
  numClasses: number,
): LeafTable {
  if (start[0] !== 0 || start[start.length - 1] !== counts.length) damaged('leaf table of another length');
  for (let row = 0; row + 1 < start.length; row++) {
    // with the ends checked, ascending starts are also in range
    if (start[row] >= start[row + 1]) damaged(`leaf row ${row} is empty`);
    for (let i = start[row]; i < start[row + 1]; i++) {
      const isAscending = i === start[row] || classes[i - 1] < classes[i];
      if (!isAscending || classes[i] >= numClasses || counts[i] === 0) damaged(`leaf row ${row}, class ${classes[i]}`);
    }
  }
  return { start, classes, counts };
}

function readEdges({ edgeCounts, edges }: Sections): BinEdges {
  let start = 0;
  const result = Array.from(edgeCounts, (count, feature) => {
    const featureEdges = edges.subarray(start, start + count);
    start += count;
    const isAscending = featureEdges.every((edge, i) => i === 0 || featureEdges[i - 1] < edge);
    if (count > 254 || !isAscending) damaged(`${count} edges of feature ${feature}`);
    return featureEdges;
  });
  if (start !== edges.length) damaged(`${edges.length} edges where the features have ${start}`);
  return result;
}

function readLabels(bytes: Uint8Array, numClasses: number): ClassLabel[] {
  let labels: unknown;
  try {
    labels = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new FormatError('model: damaged, class labels', { cause });
  }
  const isLabel = (label: unknown) => typeof label === 'string' || typeof label === 'number';
  if (!Array.isArray(labels) || labels.length !== numClasses || !labels.every(isLabel)) damaged('class labels');
  return labels as ClassLabel[];
}

function damaged(what: string): never {
  throw new FormatError(`model: damaged, ${what}`);
}
