// Explains predictions: the contribution of each feature, and the path through each tree.

import { checkColumns, type Forest } from './forest.ts';
import { LEAF_VALUE, LEAF_WEIGHT } from './leaf-table.ts';
import { categoriesByNode, cutThreshold } from './thresholds.ts';
import { LEAF, type Tree } from './tree.ts';
import { encodeRowsWide, TreeWalker } from './walk.ts';

/** Contribution of each feature to the prediction of each row; `width` is numClasses, or 1 for a regressor. */
export interface Contributions {
  width: number;
  /** Prediction without any feature: the mean over trees of the root's prediction, shape [width]. */
  bias: Float64Array;
  /** Contribution of each feature, row-major, shape [numRows, numFeatures, width]. */
  values: Float64Array;
}

/**
 * Compute contributions along the paths: each test moves a row from the class fractions (or mean value) of its node to
 * those of a child, and the difference counts for the feature tested. The result is the mean over trees. `bias` plus the
 * contributions of a row equals the result of `predictProba` or `predictValues`, except for rounding. Contributions
 * depend on the order of tests along the paths: two redundant features share, unevenly, the contribution of either.
 *
 * Uses the sample counts of the leaves: in an imported forest every leaf counts as one sample, so `bias` is the mean over
 * leaves.
 *
 * @throws {RangeError} when columns have another shape than in training
 * Source: Saabas, "Interpreting random forests", 2014; treeinterpreter. Palczewska et al., arXiv:1312.1121.
 */
export function explainRows(forest: Forest, columns: readonly Float32Array[]): Contributions {
  const numRows = checkColumns(forest, columns);
  const numFeatures = columns.length;
  const width = forest.numClasses || 1;
  const bias = new Float64Array(width);
  const values = new Float64Array(numRows * numFeatures * width);
  const codes = new Uint16Array(numRows * numFeatures);
  encodeRowsWide(forest, { columns, rowStart: 0, rowEnd: numRows }, codes);
  for (const tree of forest.trees) {
    const { sums, weights } = sumNodes(tree, forest.numClasses);
    for (let k = 0; k < width; k++) bias[k] += sums[k] / weights[0];
    const walker = new TreeWalker(tree, forest.numClasses === 0);
    for (let row = 0; row < numRows; row++) {
      let node = 0;
      for (let tested = tree.feature[0]; tested !== LEAF; tested = tree.feature[node]) {
        const child = walker.step(node, codes, row * numFeatures);
        const at = (row * numFeatures + tested) * width;
        for (let k = 0; k < width; k++) {
          values[at + k] += sums[child * width + k] / weights[child] - sums[node * width + k] / weights[node];
        }
        node = child;
      }
    }
  }
  for (let k = 0; k < width; k++) bias[k] /= forest.trees.length;
  for (let i = 0; i < values.length; i++) values[i] /= forest.trees.length;
  return { width, bias, values };
}

/** Samples per class, or sum of values, in each node, shape [numNodes, width]; and their weight, shape [numNodes]. */
function sumNodes({ numNodes, feature, next, leaves }: Tree, numClasses: number) {
  const width = numClasses || 1;
  const sums = new Float64Array(numNodes * width);
  const weights = new Float64Array(numNodes);
  // children come after their parent
  for (let node = numNodes - 1; node >= 0; node--) {
    const at = node * width;
    if (feature[node] !== LEAF) {
      const [left, right] = [node + 1, next[node]];
      weights[node] = weights[left] + weights[right];
      for (let k = 0; k < width; k++) sums[at + k] = sums[left * width + k] + sums[right * width + k];
      continue;
    }
    const start = leaves.start[next[node]];
    if (numClasses === 0) {
      weights[node] = leaves.counts[start + LEAF_WEIGHT];
      sums[at] = leaves.counts[start + LEAF_VALUE] * weights[node];
      continue;
    }
    for (let i = start; i < leaves.start[next[node] + 1]; i++) {
      sums[at + leaves.classes[i]] = leaves.counts[i];
      weights[node] += leaves.counts[i];
    }
  }
  return { sums, weights };
}

/** A test on a row's path: whether the value is at most a threshold, or one of the categories. */
export interface PathStep {
  node: number;
  feature: number;
  /** The row's value; null when it is missing. */
  value: number | null;
  /** Null when every known value goes left. */
  atMost?: number | null;
  categories?: number[];
  goes: 'left' | 'right';
}

/** The path of one row through one tree. */
export interface RowPath {
  steps: PathStep[];
  /** Number of the leaf, as in `apply`. */
  leaf: number;
}

/**
 * The path of a row through each tree.
 *
 * @throws {RangeError} when columns have another shape than in training
 */
export function pathsOfRow(forest: Forest, columns: readonly Float32Array[], row: number): RowPath[] {
  checkColumns(forest, columns);
  const codes = new Uint16Array(columns.length);
  encodeRowsWide(forest, { columns, rowStart: row, rowEnd: row + 1 }, codes);
  return forest.trees.map((tree) => {
    const walker = new TreeWalker(tree, forest.numClasses === 0);
    const categories = categoriesByNode(tree);
    const steps: PathStep[] = [];
    let node = 0;
    for (let feature = tree.feature[0]; feature !== LEAF; feature = tree.feature[node]) {
      const child = walker.step(node, codes, 0);
      const value = columns[feature][row];
      const atMost = cutThreshold(forest.edges, feature, tree.cut[node]);
      const set = categories.get(node);
      steps.push({
        node,
        feature,
        value: Number.isNaN(value) ? null : value,
        ...(set ? { categories: set } : { atMost: Number.isFinite(atMost) ? atMost : null }),
        goes: child === node + 1 ? 'left' : 'right',
      });
      node = child;
    }
    return { steps, leaf: node };
  });
}
