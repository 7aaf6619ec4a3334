// Out-of-bag predictions: each row by the trees that didn't see it.

import { LEAF_VALUE, type LeafTable } from './leaf-table.ts';
import type { ForestParams } from './params.ts';
import { resolveParams } from './params.ts';
import { RowSampler } from './sampling.ts';
import { missingCode, type Target, type TrainingTable } from './training-table.ts';
import type { Tree } from './tree.ts';
import { leafWeights, TreeWalker } from './walk.ts';

/**
 * Contributions of trees, in whole multiples of `unit`: sums of integers come out the same in any order, so that
 * functions that each grow a slice of the trees may add up theirs.
 */
export interface OobSums {
  /** A power of two. */
  unit: number;
  /** Sums of class fractions, one array per class, or of values, one array; each of shape [numRows]. */
  sums: Float64Array[];
  /** Trees that didn't see each row, shape [numRows]. */
  numTrees: Uint32Array;
}

const FRACTION_UNIT = 2 ** -32; // sums of 100,000 trees stay below 2^53

/** What contributions are whole multiples of: it follows from the target of all training rows. */
export function unitOf(target: Target): number {
  return target.values ? valueUnit(target.values) : FRACTION_UNIT;
}

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
  const sampler = new RowSampler(table, resolveParams(params, numRows, columns.length, numClasses));
  const weights = new Float64Array(numRows);
  const result = {
    unit: unitOf(target),
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

/** What each entry of a leaf table contributes: the fraction of its leaf, or the value. */
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

/** Add the contributions of another slice of a forest. */
export function addOobSums(to: OobSums, { sums, numTrees }: OobSums): void {
  for (let row = 0; row < numTrees.length; row++) to.numTrees[row] += numTrees[row];
  for (const [k, ofClass] of sums.entries()) {
    for (let row = 0; row < ofClass.length; row++) to.sums[k][row] += ofClass[row];
  }
}

/** Mean over the trees that didn't see a row, row-major; NaN where every tree did. */
export function oobPrediction({ unit, sums, numTrees }: OobSums): Float64Array {
  const width = sums.length;
  const prediction = new Float64Array(numTrees.length * width);
  for (let row = 0; row < numTrees.length; row++) {
    for (let k = 0; k < width; k++) prediction[row * width + k] = (sums[k][row] * unit) / numTrees[row];
  }
  return prediction;
}

export interface OobScore {
  /** Accuracy, or R²; NaN when no row was ever out of bag. */
  score: number;
  /** Share of the rows that some tree didn't see: the others have no say in the score. */
  coverage: number;
}

/** Score of the out-of-bag predictions; scikit-learn, which counts the rows never out of bag too: `oob_score_`. */
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
  // equal values, as lib/metrics/r2.ts has it; the sums are whole multiples of the unit
  return { score: covered === 0 ? Number.NaN : residual <= covered * unit ** 2 ? 1 : 0, coverage };
}

/** Rows whose class has the greatest sum, the lowest class of equals. */
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
