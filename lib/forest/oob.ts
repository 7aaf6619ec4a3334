// Out-of-bag predictions: each row by the trees that didn't see it.

import { LEAF_VALUE } from './leaf-table.ts';
import type { ForestParams } from './params.ts';
import { resolveParams } from './params.ts';
import { RowSampler } from './sampling.ts';
import type { TrainingTable } from './training-table.ts';
import type { Tree } from './tree.ts';
import { gatherRowsWide, leafWeights, TreeWalker } from './walk.ts';

/**
 * Contributions of trees, in whole multiples of `unit`: sums of whole numbers come out the same in any order, so that
 * functions that each grow a slice of the trees may add up theirs.
 */
export interface OobSums {
  /** A power of two. */
  unit: number;
  /** Sums of class fractions, shape [numRows, numClasses], or of values, shape [numRows]. */
  sums: Float64Array;
  /** Trees that didn't see each row, shape [numRows]. */
  numTrees: Uint32Array;
}

const FRACTION_UNIT = 2 ** -32; // sums of 100,000 trees stay below 2^53

/**
 * What trees say about the rows out of their bags.
 *
 * @param params those that the trees were grown with, bootstrap on
 * @param treeStart number of the first tree
 */
export function oobSums(
  table: TrainingTable,
  params: ForestParams,
  trees: readonly Tree[],
  treeStart: number,
): OobSums {
  const { numRows, columns, target } = table;
  const numClasses = target.numClasses ?? 0;
  const width = numClasses || 1;
  const sampler = new RowSampler(table, resolveParams(params, numRows, columns.length, numClasses));
  const weights = new Float64Array(numRows);
  const result = {
    unit: target.values ? valueUnit(target.values) : FRACTION_UNIT,
    sums: new Float64Array(numRows * width),
    numTrees: new Uint32Array(numRows),
  };
  const codes = new Uint16Array(numRows * columns.length);
  gatherRowsWide(columns, 0, numRows, codes);
  for (const [i, tree] of trees.entries()) {
    sampler.draw(treeStart + i, weights);
    const walker = new TreeWalker(tree, numClasses === 0);
    const { leaves, next } = tree;
    const ofLeaf = leafWeights(leaves, numClasses === 0);
    for (let row = 0; row < numRows; row++) {
      if (weights[row] > 0) continue;
      const leaf = next[walker.leafOf(codes, row * columns.length)];
      result.numTrees[row]++;
      if (numClasses === 0) {
        result.sums[row] += Math.round(leaves.counts[leaves.start[leaf] + LEAF_VALUE] / result.unit);
        continue;
      }
      for (let at = leaves.start[leaf]; at < leaves.start[leaf + 1]; at++) {
        result.sums[row * width + leaves.classes[at]] += Math.round(leaves.counts[at] / ofLeaf[leaf] / result.unit);
      }
    }
  }
  return result;
}

/** The contributions of two slices of a forest. */
export function addOobSums(a: OobSums, b: OobSums): OobSums {
  return {
    unit: a.unit,
    sums: a.sums.map((sum, i) => sum + b.sums[i]),
    numTrees: a.numTrees.map((count, row) => count + b.numTrees[row]),
  };
}

/** Mean over the trees that didn't see a row; NaN where every tree did. */
export function oobPrediction({ unit, sums, numTrees }: OobSums): Float64Array {
  const width = sums.length / numTrees.length;
  return sums.map((sum, i) => (sum * unit) / numTrees[Math.floor(i / width)]);
}

export interface OobScore {
  /** Accuracy, or R²; NaN when no row was ever out of bag. */
  score: number;
  /** Share of the rows that some tree didn't see: the others have no say in the score. */
  coverage: number;
}

/** Score of the out-of-bag predictions; scikit-learn, which counts the rows never out of bag too: `oob_score_`. */
export function scoreOob({ target, numRows }: TrainingTable, sums: OobSums): OobScore {
  const predictions = oobPrediction(sums);
  const covered = Array.from(sums.numTrees.keys()).filter((row) => sums.numTrees[row] > 0);
  const coverage = covered.length / numRows;
  if (target.values) {
    const { values } = target;
    const mean = covered.reduce((sum, row) => sum + values[row], 0) / covered.length;
    const residual = covered.reduce((sum, row) => sum + (values[row] - predictions[row]) ** 2, 0);
    const total = covered.reduce((sum, row) => sum + (values[row] - mean) ** 2, 0);
    return { score: 1 - residual / total, coverage };
  }
  const { labels, numClasses } = target;
  const isRight = (row: number) => mostProbable(predictions, row * numClasses, numClasses) === labels[row];
  return { score: covered.filter(isRight).length / covered.length, coverage };
}

/** Class of the greatest probability, the lowest of equals. */
export function mostProbable(probabilities: Float64Array, start: number, numClasses: number): number {
  let best = 0;
  for (let k = 1; k < numClasses; k++) if (probabilities[start + k] > probabilities[start + best]) best = k;
  return best;
}

/** A 2^36th of a power of two that no value exceeds: 100,000 of them add up to less than 2^53. */
function valueUnit(values: Float64Array): number {
  let unit = 2 ** -900;
  for (const value of values) while (Math.abs(value) > unit * 2 ** 36) unit *= 2;
  return unit;
}
