// Predicts rows block by block without the kernel: any forest, on any thread.

import type { BinEdges } from '../partition/rows.ts';
import { encodeColumn } from './bins.ts';
import type { Forest } from './forest.ts';
import { LEAF_VALUE, type LeafTable } from './leaf-table.ts';
import { takeNext } from './shared.ts';
import { LEAF, type Tree } from './tree.ts';
import { encodeRowsWide, hasMissingValues, isPlain, type RowBlock, TreeWalker } from './walk.ts';

const BLOCK_ROWS = 1024; // with 20 features and two classes a block takes 36 kB and stays in the cache for all trees

/** The work of one thread; sent as a message. */
export interface PredictRowsJob {
  kind: 'predict-rows';
  forest: Forest;
  columns: Float32Array[];
  /** Index of the next block of rows, shared by all threads. */
  queue: Int32Array;
  /** Receives class probabilities, row-major, or values. */
  out: Float64Array;
}

/** Predict blocks of rows from the queue, until none is left. */
export function predictRowsFromQueue({ forest, columns, queue, out }: PredictRowsJob): void {
  const numRows = columns[0]?.length ?? 0;
  const predict = forest.numClasses > 0 ? addProbabilities(forest) : addValues(forest);
  const width = forest.numClasses || 1;
  for (let start = takeNext(queue) * BLOCK_ROWS; start < numRows; start = takeNext(queue) * BLOCK_ROWS) {
    const end = Math.min(start + BLOCK_ROWS, numRows);
    const sums = out.subarray(start * width, end * width).fill(0);
    predict(columns, start, end, sums);
    for (let i = 0; i < sums.length; i++) sums[i] /= forest.trees.length;
  }
}

/** Adds the prediction of each tree for rows [rowStart, rowEnd) to `sums`. */
type AddRows = (columns: Float32Array[], rowStart: number, rowEnd: number, sums: Float64Array) => void;

function addProbabilities(forest: Forest): AddRows {
  const { numClasses, edges, trees } = forest;
  const fractions = new Map<LeafTable, Float64Array>();
  for (const { leaves } of trees) if (!fractions.has(leaves)) fractions.set(leaves, leafFractions(leaves));
  const codes = new Uint8Array(BLOCK_ROWS * edges.length);
  const isAnyPlain = isPlain(forest);
  return (columns, rowStart, rowEnd, sums) => {
    if (isAnyPlain && !hasMissingValues(columns, rowStart, rowEnd)) {
      encodeRows(edges, { columns, rowStart, rowEnd }, codes);
      const block = { codes, numFeatures: edges.length, numClasses };
      for (const tree of trees) addTree(tree, fractions.get(tree.leaves)!, block, sums);
      return;
    }
    forEachLeaf(forest, { columns, rowStart, rowEnd }, ({ leaves }, leafRow, i) => {
      const entryFractions = fractions.get(leaves)!;
      for (let at = leaves.start[leafRow]; at < leaves.start[leafRow + 1]; at++) {
        sums[i * numClasses + leaves.classes[at]] += entryFractions[at];
      }
    });
  };
}

function addValues(forest: Forest): AddRows {
  return (columns, rowStart, rowEnd, sums) => {
    forEachLeaf(forest, { columns, rowStart, rowEnd }, ({ leaves }, leafRow, i) => {
      sums[i] += leaves.counts[leaves.start[leafRow] + LEAF_VALUE];
    });
  };
}

/** Visit the leaf of each row of a block in each tree, tree by tree; `i` is the index of the row in the block. */
function forEachLeaf(forest: Forest, block: RowBlock, visit: (tree: Tree, leafRow: number, i: number) => void): void {
  const { columns, rowStart, rowEnd } = block;
  const codes = new Uint16Array((rowEnd - rowStart) * columns.length);
  encodeRowsWide(forest, block, codes);
  for (const tree of forest.trees) {
    const walker = new TreeWalker(tree, forest.numClasses === 0);
    for (let i = 0; i < rowEnd - rowStart; i++) {
      visit(tree, tree.next[walker.leafOf(codes, i * columns.length)], i);
    }
  }
}

const knownFractions = new WeakMap<LeafTable, Float64Array>();

/** For each entry of the table, its fraction of the leaf's samples; cached for callers that predict row by row. */
function leafFractions(table: LeafTable): Float64Array {
  const known = knownFractions.get(table);
  if (known) return known;
  const { start, counts } = table;
  const fractions = new Float64Array(counts.length);
  knownFractions.set(table, fractions);
  for (let row = 0; row + 1 < start.length; row++) {
    let samples = 0;
    for (let i = start[row]; i < start[row + 1]; i++) samples += counts[i];
    for (let i = start[row]; i < start[row + 1]; i++) fractions[i] = counts[i] / samples;
  }
  return fractions;
}

/** Encode a block row-major with one byte per value. */
function encodeRows(edges: BinEdges, { columns, rowStart, rowEnd }: RowBlock, codes: Uint8Array): void {
  const column = new Uint8Array(rowEnd - rowStart);
  for (let feature = 0; feature < columns.length; feature++) {
    encodeColumn(columns[feature].subarray(rowStart, rowEnd), edges[feature], column);
    for (let i = 0, at = feature; i < column.length; i++, at += columns.length) codes[at] = column[i];
  }
}

/** Add the class fractions of each row's leaf. */
function addTree(
  { feature, cut, next, leaves }: Tree,
  fractions: Float64Array,
  { codes, numFeatures, numClasses }: { codes: Uint8Array; numFeatures: number; numClasses: number },
  sums: Float64Array,
): void {
  const { start, classes } = leaves;
  for (let base = 0, sumBase = 0; sumBase < sums.length; base += numFeatures, sumBase += numClasses) {
    let node = 0;
    for (let tested = feature[0]; tested !== LEAF; tested = feature[node]) {
      node = codes[base + tested] <= cut[node] ? node + 1 : next[node];
    }
    const entryEnd = start[next[node] + 1];
    for (let i = start[next[node]]; i < entryEnd; i++) sums[sumBase + classes[i]] += fractions[i];
  }
}
