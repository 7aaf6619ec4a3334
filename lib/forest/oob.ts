// Out-of-bag predictions: predict each row with the trees that did not see it.

import { LEAF_VALUE, type LeafTable } from './leaf-table.ts';
import type { ForestParams } from './params.ts';
import { resolveParams } from './params.ts';
import { RowSampler } from './sampling.ts';
import { missingCode, type Target, type TrainingTable } from './training-table.ts';
import type { Tree } from './tree.ts';
import { leafWeights, TreeWalker } from './walk.ts';

/**
 * Sums of the trees' contributions, in integer multiples of `unit`: integers add up to the same sum in any order, so
 * functions that each grow some of the trees can add up their sums.
 */
export interface OobSums {
  /** A power of two. */
  unit: number;
  /** Sums of class fractions, one array per class; for regression sums of values, one array. Each has shape [numRows]. */
  sums: Float64Array[];
  /** Number of trees that did not see each row, shape [numRows]. */
  numTrees: Uint32Array;
}

const FRACTION_UNIT = 2 ** -32; // sums of 100,000 trees stay below 2^53

/** The unit of contributions; it follows from the target of all training rows. */
export function chooseUnit(target: Target): number {
  return target.values ? valueUnit(target.values) : FRACTION_UNIT;
}

/**
 * Sum the predictions of trees for their out-of-bag rows.
 *
 * @param params parameters that the trees were grown with; `bootstrap` must be true
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
  const sampler = new RowSampler(table, resolveParams(params, numRows, columns.length, numClasses));
  const weights = new Float64Array(numRows);
  const result = {
    unit: chooseUnit(target),
    sums: Array.from({ length: numClasses || 1 }, () => new Float64Array(numRows)),
    numTrees: new Uint32Array(numRows),
  };
  const missing = missingCode(table);
  for (const [i, tree] of trees.entries()) {
    sampler.draw(treeStart + i, weights);
    const walker = new TreeWalker(tree, numClasses === 0);
    const { leaves, next } = tree;
    const units = leafUnits(leaves, numClasses === 0, result.unit);
    for (let row = 0; row < numRows; row++) {
      if (weights[row] > 0) continue;
      const leaf = next[walker.leafOfRow(columns, row, missing)];
      result.numTrees[row]++;
      if (numClasses === 0) result.sums[0][row] += units[leaves.start[leaf] + LEAF_VALUE];
      else {
        for (let at = leaves.start[leaf]; at < leaves.start[leaf + 1]; at++) {
          result.sums[leaves.classes[at]][row] += units[at];
        }
      }
    }
  }
  return result;
}

/** Contribution of each entry of a leaf table: the class fraction in its leaf, or the value. */
function leafUnits(leaves: LeafTable, isRegressor: boolean, unit: number): Float64Array {
  if (isRegressor) return Float64Array.from(leaves.counts, (value) => Math.round(value / unit));
  const weights = leafWeights(leaves, false);
  const units = new Float64Array(leaves.counts.length);
  for (let leaf = 0; leaf < weights.length; leaf++) {
    for (let at = leaves.start[leaf]; at < leaves.start[leaf + 1]; at++) {
      units[at] = Math.round(leaves.counts[at] / weights[leaf] / unit);
    }
  }
  return units;
}

/** Add the sums of other trees of the forest. */
export function addOobSums(to: OobSums, { sums, numTrees }: OobSums): void {
  for (let row = 0; row < numTrees.length; row++) to.numTrees[row] += numTrees[row];
  for (const [k, ofClass] of sums.entries()) {
    for (let row = 0; row < ofClass.length; row++) to.sums[k][row] += ofClass[row];
  }
}

/** Mean over the trees that did not see a row, row-major; NaN for a row that every tree saw. */
export function oobPrediction({ unit, sums, numTrees }: OobSums): Float64Array {
  const width = sums.length;
  const prediction = new Float64Array(numTrees.length * width);
  for (let row = 0; row < numTrees.length; row++) {
    for (let k = 0; k < width; k++) prediction[row * width + k] = (sums[k][row] * unit) / numTrees[row];
  }
  return prediction;
}

export interface OobScore {
  /** Accuracy, or R²; NaN when no row is out of bag for any tree. */
  score: number;
  /** Share of the rows that are out of bag for at least one tree; only these count in the score. */
  coverage: number;
}

/** Score of the out-of-bag predictions; scikit-learn's `oob_score_` also counts rows that are never out of bag. */
export function scoreOob(target: Target, oob: OobSums): OobScore {
  const { sums, numTrees, unit } = oob;
  const covered = numTrees.reduce((count, trees) => count + Number(trees > 0), 0);
  const coverage = covered / numTrees.length;
  if (target.labels) return { score: countRight(target.labels, oob) / covered, coverage };
  const { values } = target;
  const sumOver = (term: (row: number) => number) =>
    numTrees.reduce((sum, trees, row) => (trees > 0 ? sum + term(row) : sum), 0);
  const mean = sumOver((row) => values[row]) / covered;
  const residual = sumOver((row) => (values[row] - (sums[0][row] * unit) / numTrees[row]) ** 2);
  const spread = sumOver((row) => (values[row] - mean) ** 2);
  if (spread > 0) return { score: 1 - residual / spread, coverage };
  // all targets are equal: score as lib/metrics/r2.ts does; the sums are integer multiples of the unit
  return { score: covered === 0 ? Number.NaN : residual <= covered * unit ** 2 ? 1 : 0, coverage };
}

/** Count the rows whose class has the greatest sum; on a tie the lowest class. */
function countRight(labels: Uint16Array, { sums, numTrees }: OobSums): number {
  let numRight = 0;
  for (let row = 0; row < labels.length; row++) {
    if (numTrees[row] === 0) continue;
    let best = 0;
    for (let k = 1; k < sums.length; k++) if (sums[k][row] > sums[best][row]) best = k;
    if (best === labels[row]) numRight++;
  }
  return numRight;
}

/** Class of the greatest probability; on a tie the lowest. */
export function mostProbable(probabilities: Float64Array, start: number, numClasses: number): number {
  let best = 0;
  for (let k = 1; k < numClasses; k++) if (probabilities[start + k] > probabilities[start + best]) best = k;
  return best;
}

/** A power of two that no value exceeds, divided by 2^36: sums of 100,000 values stay below 2^53 units. */
function valueUnit(values: Float64Array): number {
  let unit = 2 ** -900;
  for (const value of values) while (Math.abs(value) > unit * 2 ** 36) unit *= 2;
  return unit;
}
