// Finds the leaf of a row, also in trees with missing values, categories and exact values.

import { InputError } from '../base/errors.ts';
import { encodeColumn } from './bins.ts';
import type { Forest } from './forest.ts';
import { LEAF_WEIGHT, type LeafTable } from './leaf-table.ts';
import { type Codes, MISSING_WIDE } from './training-table.ts';
import { CATEGORICAL, LEAF, MAX_CATEGORIES, MISSING_LEFT, SET_BYTES, type Tree } from './tree.ts';

const MAX_BYTE_EDGES = 254;

/** Rows [rowStart, rowEnd) of some columns. */
export interface RowBlock {
  columns: readonly Float32Array[];
  rowStart: number;
  rowEnd: number;
}

/** The bins of one feature. */
interface FeatureBins {
  feature: number;
  edges: Float32Array;
  isCategorical: boolean;
}

/** Encode a block row-major with two bytes per value, `MISSING_WIDE` for a missing value. */
export function encodeRowsWide(
  { edges, isCategorical }: Forest,
  { columns, rowStart, rowEnd }: RowBlock,
  codes: Uint16Array,
): void {
  const column = new Uint16Array(rowEnd - rowStart);
  for (let feature = 0; feature < columns.length; feature++) {
    const values = columns[feature].subarray(rowStart, rowEnd);
    const bins = { feature, edges: edges[feature], isCategorical: isCategorical?.[feature] ?? false };
    encodeFeature(values, bins, column, MISSING_WIDE);
    for (let i = 0, at = feature; i < column.length; i++, at += columns.length) codes[at] = column[i];
  }
}

/**
 * Encode the values of one feature; NaN becomes `missing`.
 *
 * @throws {InputError} on a category that is not an integer from 0 to 254
 */
export function encodeFeature(
  values: Float32Array,
  { feature, edges, isCategorical }: FeatureBins,
  out: Codes,
  missing: number,
): void {
  if (isCategorical) {
    checkCategories(values, feature);
    for (let i = 0; i < values.length; i++) out[i] = Number.isNaN(values[i]) ? missing : values[i];
    return;
  }
  if (edges.length <= MAX_BYTE_EDGES) {
    const bytes = out instanceof Uint8Array ? out : new Uint8Array(values.length);
    encodeColumn(values, edges, bytes);
    if (bytes !== out) out.set(bytes);
  } else for (let i = 0; i < values.length; i++) out[i] = countBelow(edges, values[i]);
  for (let i = 0; i < values.length; i++) if (Number.isNaN(values[i])) out[i] = missing;
}

/** @throws {InputError} on a category that is not an integer from 0 to 254 */
export function checkCategories(values: Float32Array, feature: number): void {
  for (const value of values) {
    if (Number.isNaN(value) || (Number.isInteger(value) && value >= 0 && value < MAX_CATEGORIES)) continue;
    const allowed = `a category, an integer from 0 to ${MAX_CATEGORIES - 1}, or NaN`;
    throw new InputError(`feature ${feature} must be ${allowed}, got ${value}`);
  }
}

/** Whether a plain walk over bytes finds the leaves of rows without missing values. */
export function isPlain(forest: Pick<Forest, 'trees'>): boolean {
  return forest.trees.every(({ flags }) => flags === undefined) && !hasWideCuts(forest);
}

/** Whether any tree has codes of two bytes. */
export function hasWideCuts({ trees }: Pick<Forest, 'trees'>): boolean {
  return trees.some(({ cut }) => cut instanceof Uint16Array);
}

/** Whether any value of rows [rowStart, rowEnd) is missing. */
export function hasMissingValues(columns: readonly Float32Array[], rowStart: number, rowEnd: number): boolean {
  for (const column of columns) {
    for (let row = rowStart; row < rowEnd; row++) if (Number.isNaN(column[row])) return true;
  }
  return false;
}

/** Walks rows through one tree. */
export class TreeWalker {
  readonly #tree: Tree;
  readonly #flags: Uint8Array;
  /** Start of the set of each categorical node. */
  readonly #setStart: Uint32Array;

  constructor(tree: Tree, isRegressor: boolean) {
    this.#tree = tree;
    this.#flags = tree.flags ?? biggerChildFlags(tree, isRegressor);
    this.#setStart = new Uint32Array(tree.sets ? tree.numNodes : 0);
    if (tree.sets) {
      for (let node = 0, at = 0; node < tree.numNodes; node++) {
        this.#setStart[node] = at;
        if (this.#flags[node] & CATEGORICAL) at += SET_BYTES;
      }
    }
  }

  /** The leaf of the row whose codes begin at `base`. */
  leafOf(codes: Uint16Array, base: number): number {
    const { feature } = this.#tree;
    let node = 0;
    while (feature[node] !== LEAF) node = this.step(node, codes, base);
    return node;
  }

  /**
   * The leaf of a row of a training table.
   *
   * @param missing the table's code for a missing value
   */
  leafOfRow(columns: readonly Codes[], row: number, missing: number): number {
    const { feature } = this.#tree;
    let node = 0;
    for (let tested = feature[0]; tested !== LEAF; tested = feature[node]) {
      const code = columns[tested][row];
      node = this.#childOf(node, code === missing ? MISSING_WIDE : code);
    }
    return node;
  }

  /** The child of an inner node. */
  step(node: number, codes: Uint16Array, base: number): number {
    return this.#childOf(node, codes[base + this.#tree.feature[node]]);
  }

  #childOf(node: number, code: number): number {
    const { cut, next, sets } = this.#tree;
    let isLeft = code <= cut[node];
    if (code === MISSING_WIDE) isLeft = (this.#flags[node] & MISSING_LEFT) !== 0;
    else if (sets && this.#flags[node] & CATEGORICAL) {
      isLeft = ((sets[this.#setStart[node] + (code >> 3)] >> (code & 7)) & 1) === 1;
    }
    return isLeft ? node + 1 : next[node];
  }
}

const biggerChildren = new WeakMap<Tree, Uint8Array>();

/** Where training saw no missing values, they go to the child with more weight; on a tie, to the right one. */
export function biggerChildFlags(tree: Tree, isRegressor: boolean): Uint8Array {
  const known = biggerChildren.get(tree);
  if (known) return known;
  const weights = nodeWeights(tree, isRegressor);
  const flags = Uint8Array.from(tree.feature, (feature, node) =>
    feature !== LEAF && weights[node + 1] > weights[tree.next[node]] ? MISSING_LEFT : 0,
  );
  biggerChildren.set(tree, flags);
  return flags;
}

/** Weight of the training samples in each node. */
export function nodeWeights({ numNodes, feature, next, leaves }: Tree, isRegressor: boolean): Float64Array {
  const ofLeaf = leafWeights(leaves, isRegressor);
  const weights = new Float64Array(numNodes);
  // children come after their parent
  for (let node = numNodes - 1; node >= 0; node--) {
    weights[node] = feature[node] === LEAF ? ofLeaf[next[node]] : weights[node + 1] + weights[next[node]];
  }
  return weights;
}

/** Weight of the samples in each row of a leaf table. */
export function leafWeights({ start, counts }: LeafTable, isRegressor: boolean): Float64Array {
  return Float64Array.from({ length: start.length - 1 }, (_, row) => {
    if (isRegressor) return counts[start[row] + LEAF_WEIGHT];
    let weight = 0;
    for (let i = start[row]; i < start[row + 1]; i++) weight += counts[i];
    return weight;
  });
}

/** Number of edges below a value. */
function countBelow(edges: Float32Array, value: number): number {
  let low = 0;
  let end = edges.length;
  while (low < end) {
    const middle = (low + end) >>> 1;
    if (edges[middle] < value) low = middle + 1;
    else end = middle;
  }
  return low;
}
