// Encodes and decodes models and groups of trees; format.md describes the bytes.

import { FormatError } from '../base/errors.ts';
import type { BinEdges } from '../partition/rows.ts';
import { type LeafTable, LeafTableBuilder } from './leaf-table.ts';
import type { ClassLabel, Model, ModelDetails } from './model.ts';
import { readAbout, writeAbout } from './model-about.ts';
import {
  type Counts,
  createFile,
  KIND_MODEL,
  KIND_TREES,
  LAYOUT,
  openFile,
  type Sections,
  sealFile,
} from './model-layout.ts';
import { checkLeaves, checkNodes, readTrees } from './model-trees.ts';
import { LEAF, MAX_FEATURES, SET_BYTES, type Tree } from './tree.ts';
import { biggerChildFlags } from './walk.ts';

const MAX_EDGES = 65_534; // the code above the last stands for a missing value

interface EncodedForest {
  trees: readonly Tree[];
  edges: BinEdges;
  numClasses: number;
  classLabels?: readonly ClassLabel[];
}

/**
 * Encode a model.
 *
 * @param forest `numClasses` is 0 for a regressor; `classLabels` are by default the numbers of the classes
 */
export function encodeModel(
  { trees, edges, numClasses, classLabels = Array.from({ length: numClasses }, (_, k) => k) }: EncodedForest,
  { isCategorical, options, ranges, schema }: ModelDetails = {},
): Uint8Array {
  const about = writeAbout({ classLabels, isCategorical, options, ranges, schema });
  const numEdges = edges.reduce((sum, { length }) => sum + length, 0);
  const counts = { numFeatures: edges.length, numClasses, numEdges, aboutBytes: about.length };
  return encode(KIND_MODEL, counts, trees, (sections) => {
    sections.about.set(about);
    sections.edgeCounts.set(edges.map(({ length }) => length));
    let at = 0;
    for (const featureEdges of edges) {
      sections.edges.set(featureEdges, at);
      at += featureEdges.length;
    }
  });
}

/** Encode a decoded model. */
export function reencodeModel(model: Model): Uint8Array {
  const { isCategorical, options, ranges, schema } = model;
  return encodeModel(model, {
    isCategorical,
    options: options ?? undefined,
    ranges: ranges ?? undefined,
    schema: schema ?? undefined,
  });
}

/** Encode the trees that one worker grew. */
export function encodeTrees(trees: readonly Tree[]): Uint8Array {
  return encode(KIND_TREES, { numFeatures: 0, numClasses: 0, numEdges: 0, aboutBytes: 0 }, trees, () => {});
}

/**
 * Decode a model file. The model's arrays are views of `bytes`, which must not change afterwards.
 *
 * @throws {FormatError} when the bytes are not a model, have another version, or are damaged
 */
export function decodeModel(bytes: Uint8Array): Model {
  const { counts, sections } = openFile(bytes, KIND_MODEL);
  const { numFeatures, numClasses } = counts;
  if (numFeatures > MAX_FEATURES) throw new FormatError(`model: damaged, ${numFeatures} features`);
  const about = readAbout(sections.about, numFeatures, numClasses);
  const edges = readEdges(sections, about.isCategorical);
  const trees = readTrees(sections, counts);
  if (trees.length === 0) throw new FormatError('model: damaged, no trees');
  checkLeaves(trees[0].leaves, numClasses);
  for (const tree of trees) checkNodes(tree, edges, about.isCategorical);
  return { numFeatures, numClasses, edges, trees, ...about };
}

/**
 * Decode the trees of one worker. Feature and class numbers are checked only when the model is decoded.
 *
 * @throws {FormatError} when the bytes are not a group of trees, have another version, or are damaged
 */
export function decodeTrees(bytes: Uint8Array): Tree[] {
  const { counts, sections } = openFile(bytes, KIND_TREES);
  return readTrees(sections, counts);
}

function encode(
  kind: number,
  counts: Pick<Counts, 'numFeatures' | 'numClasses' | 'numEdges' | 'aboutBytes'>,
  trees: readonly Tree[],
  fill: (sections: Sections) => void,
): Uint8Array {
  const numNodes = trees.reduce((sum, tree) => sum + tree.numNodes, 0);
  const leafRows = new Uint32Array((numNodes + trees.length) / 2);
  const layout = findLayout(trees);
  const leaves = tabulateLeaves(trees, leafRows, (layout & LAYOUT.realLeaves) !== 0);
  const { bytes, sections } = createFile(kind, {
    ...counts,
    numTrees: trees.length,
    numNodes,
    numLeafRows: leaves.start.length - 1,
    numLeafEntries: leaves.counts.length,
    layout,
    numSets: trees.reduce((sum, { sets }) => sum + (sets?.length ?? 0), 0) / SET_BYTES,
  });
  fill(sections);
  let at = 0;
  let setsAt = 0;
  for (const [i, tree] of trees.entries()) {
    sections.treeSizes[i] = tree.numNodes;
    sections.feature.set(tree.feature, at);
    sections.cut.set(tree.cut, at);
    // trees added to a model with missing values may have been grown without any
    if (layout & LAYOUT.flags) sections.flags.set(tree.flags ?? biggerChildFlags(tree, counts.numClasses === 0), at);
    if (layout & LAYOUT.impurity) sections.impurity.set(tree.impurity!, at);
    if (tree.sets) sections.sets.set(tree.sets, setsAt);
    setsAt += tree.sets?.length ?? 0;
    at += tree.numNodes;
  }
  sections.leafRows.set(leafRows);
  sections.leafStart.set(leaves.start);
  sections.leafClass.set(leaves.classes);
  sections.leafCount.set(leaves.counts);
  sealFile(bytes);
  return bytes;
}

function findLayout(trees: readonly Tree[]): number {
  let layout = 0;
  for (const { cut, flags, leaves, impurity } of trees) {
    if (cut instanceof Uint16Array) layout |= LAYOUT.wideCuts;
    if (flags) layout |= LAYOUT.flags;
    if (leaves.counts instanceof Float64Array) layout |= LAYOUT.realLeaves;
    if (impurity) layout |= LAYOUT.impurity;
  }
  return layout;
}

/** Merge the leaves of all trees into one table; `leafRows` receives the row of each leaf. */
function tabulateLeaves(trees: readonly Tree[], leafRows: Uint32Array, isReal: boolean): LeafTable {
  const builder = new LeafTableBuilder(isReal);
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

function readEdges({ edgeCounts, edges }: Sections, isCategorical: readonly boolean[]): BinEdges {
  const damaged = (what: string) => new FormatError(`model: damaged, ${what}`);
  let start = 0;
  const result = Array.from(edgeCounts, (count, feature) => {
    const featureEdges = edges.subarray(start, start + count);
    start += count;
    const isAscending = featureEdges.every((edge, i) => i === 0 || featureEdges[i - 1] < edge);
    if (count > MAX_EDGES || !isAscending || (isCategorical[feature] && count > 0)) {
      throw damaged(`${count} edges of feature ${feature}`);
    }
    return featureEdges;
  });
  if (start !== edges.length) throw damaged(`${edges.length} edges where the features have ${start}`);
  return result;
}
