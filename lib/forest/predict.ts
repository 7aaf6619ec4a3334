// Class probabilities, classes and values of rows.

import type { BinEdges } from '../partition/rows.ts';
import { encodeColumn } from './bins.ts';
import { LEAF_VALUE, type LeafTable } from './leaf-table.ts';
import { LEAF, type Tree } from './tree.ts';
import { encodeRowsWide, hasMissingValues, isPlain, TreeWalker } from './walk.ts';
import { predictInKernel } from './wasm/predict-in-threads.ts';

/** What prediction needs of a model. */
export interface Forest {
  /** 0 for a regressor. */
  numClasses: number;
  /** Upper edges of the bins of each feature. */
  edges: BinEdges;
  /** In tree order, at least one. */
  trees: Tree[];
  /** Features that hold categories; none when left out. */
  isCategorical?: readonly boolean[];
}

const BLOCK_ROWS = 1024; // 20 features and two classes of these take 36 kB, so they stay in the cache for all trees

/**
 * Probability of each class: the mean over trees of the class fractions of the row's leaf, summed in tree order.
 *
 * @param columns values, one array per feature, as many and in the order of training; NaN where one is missing
 * @param out receives the probabilities, row-major, shape [numRows, numClasses]
 * @throws {RangeError} when columns or `out` have another shape
 */
export function predictProba(forest: Forest, columns: Float32Array[], out?: Float64Array): Float64Array {
  const { numClasses, edges, trees } = forest;
  const numRows = checkColumns(forest, columns);
  const result = out ?? new Float64Array(numRows * numClasses);
  if (result.length !== numRows * numClasses) {
    throw new RangeError(`out must hold ${numRows} rows of ${numClasses} classes, got ${result.length} numbers`);
  }
  if (predictInKernel(forest, columns, result)) return result;
  const fractions = new Map<LeafTable, Float64Array>();
  for (const { leaves } of trees) if (!fractions.has(leaves)) fractions.set(leaves, leafFractions(leaves));
  const codes = new Uint8Array(Math.min(numRows, BLOCK_ROWS) * edges.length);
  const isAnyPlain = isPlain(forest);
  for (let rowStart = 0; rowStart < numRows; rowStart += BLOCK_ROWS) {
    const rowEnd = Math.min(rowStart + BLOCK_ROWS, numRows);
    const sums = result.subarray(rowStart * numClasses, rowEnd * numClasses).fill(0);
    if (isAnyPlain && !hasMissingValues(columns, rowStart, rowEnd)) {
      encodeRows(columns, edges, rowStart, rowEnd, codes);
      for (const tree of trees) addTree(tree, fractions.get(tree.leaves)!, codes, edges.length, sums, numClasses);
    } else {
      forEachLeaf(forest, columns, rowStart, rowEnd, ({ leaves }, leafRow, i) => {
        const ofEntry = fractions.get(leaves)!;
        for (let at = leaves.start[leafRow]; at < leaves.start[leafRow + 1]; at++) {
          sums[i * numClasses + leaves.classes[at]] += ofEntry[at];
        }
      });
    }
    for (let i = 0; i < sums.length; i++) sums[i] /= trees.length;
  }
  return result;
}

/** Most probable class of each row, the lowest of equals. */
export function predict(forest: Forest, columns: Float32Array[]): Uint16Array {
  const { numClasses } = forest;
  const probabilities = predictProba(forest, columns);
  const classes = new Uint16Array(probabilities.length / numClasses);
  for (let row = 0, at = 0; row < classes.length; row++, at += numClasses) {
    let best = 0;
    for (let k = 1; k < numClasses; k++) if (probabilities[at + k] > probabilities[at + best]) best = k;
    classes[row] = best;
  }
  return classes;
}

/**
 * Value of each row: the mean over trees of the row's leaf, summed in tree order.
 *
 * @throws {RangeError} when columns have another shape
 */
export function predictValues(forest: Forest, columns: Float32Array[]): Float64Array {
  const numRows = checkColumns(forest, columns);
  const result = new Float64Array(numRows);
  for (let rowStart = 0; rowStart < numRows; rowStart += BLOCK_ROWS) {
    const rowEnd = Math.min(rowStart + BLOCK_ROWS, numRows);
    forEachLeaf(forest, columns, rowStart, rowEnd, ({ leaves }, leafRow, i) => {
      result[rowStart + i] += leaves.counts[leaves.start[leafRow] + LEAF_VALUE];
    });
  }
  for (let row = 0; row < numRows; row++) result[row] /= forest.trees.length;
  return result;
}

/**
 * Check the shape of rows to predict.
 *
 * @returns number of rows
 * @throws {RangeError} on another number of columns than in training, or columns of different lengths
 */
export function checkColumns({ edges }: Forest, columns: readonly Float32Array[]): number {
  const numRows = columns[0]?.length ?? 0;
  if (columns.length === edges.length && columns.every((column) => column.length === numRows)) return numRows;
  const lengths = [...new Set(columns.map(({ length }) => length))].join(', ');
  throw new RangeError(
    `predict needs ${edges.length} columns of one length, got ${columns.length} of length ${lengths}`,
  );
}

/** Visit the leaf of each row [rowStart, rowEnd) in each tree, tree by tree; `i` counts from `rowStart`. */
function forEachLeaf(
  forest: Forest,
  columns: Float32Array[],
  rowStart: number,
  rowEnd: number,
  visit: (tree: Tree, leafRow: number, i: number) => void,
): void {
  const codes = new Uint16Array((rowEnd - rowStart) * columns.length);
  encodeRowsWide(forest, columns, rowStart, rowEnd, codes);
  for (const tree of forest.trees) {
    const walker = new TreeWalker(tree, forest.numClasses === 0);
    for (let i = 0; i < rowEnd - rowStart; i++) {
      visit(tree, tree.next[walker.leafOf(codes, i * columns.length)], i);
    }
  }
}

/** Fraction of its leaf's samples, for each entry of the table. */
function leafFractions({ start, counts }: LeafTable): Float64Array {
  const fractions = new Float64Array(counts.length);
  for (let row = 0; row + 1 < start.length; row++) {
    let samples = 0;
    for (let i = start[row]; i < start[row + 1]; i++) samples += counts[i];
    for (let i = start[row]; i < start[row + 1]; i++) fractions[i] = counts[i] / samples;
  }
  return fractions;
}

/** Codes of rows [rowStart, rowEnd), row-major. */
function encodeRows(
  columns: Float32Array[],
  edges: BinEdges,
  rowStart: number,
  rowEnd: number,
  codes: Uint8Array,
): void {
  const column = new Uint8Array(rowEnd - rowStart);
  for (let feature = 0; feature < columns.length; feature++) {
    encodeColumn(columns[feature].subarray(rowStart, rowEnd), edges[feature], column);
    for (let i = 0, at = feature; i < column.length; i++, at += columns.length) codes[at] = column[i];
  }
}

/** Add the class fractions of the leaf that each row falls into. */
function addTree(
  { feature, cut, next, leaves }: Tree,
  fractions: Float64Array,
  codes: Uint8Array,
  numFeatures: number,
  sums: Float64Array,
  numClasses: number,
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
