// Permutation importance over test partitions: how much worse the predictions are when the values of one feature are
// replaced with those of other rows. For classification this counts wrong rows, for regression it adds up squared errors.
// The replaced values follow from (seed, row index), so partitioning changes nothing.

import { RandomStream, STREAM } from '../base/random.ts';
import { addExact, mergeSums, nearestSum, settle } from '../metrics/exact-sum.ts';
import type { RawRows } from '../partition/rows.ts';
import { importanceRows } from '../plan/importance-rows.ts';
import type { Plan } from '../plan/plan.ts';

/** Classification, one partition: rows of the sample whose prediction turned wrong or right, by feature, shape [numFeatures]. */
export interface ImportanceCounts {
  /** Rows of the sample. */
  numRows: number;
  lost: number[];
  gained: number[];
}

/** Regression, one partition: exact sums over the rows of the sample, by feature, shape [numFeatures]. */
export interface ValueImportanceSums {
  /** Rows of the sample. */
  numRows: number;
  /** Growth of the squared error. */
  growths: number[][];
  /** Square of the growth. */
  squares: number[][];
}

export interface PermutationImportances {
  /** Loss of accuracy, or of R², when the values of a feature are replaced, shape [numFeatures]. */
  mean: number[];
  /** Standard error of each mean, from the rows. */
  error: number[];
  /** Test rows that this was measured on. */
  numRows: number;
}

const NUM_DONORS = 64;

/** Choose values at equal distances through the sorted sample of a feature. */
export function chooseDonors(sample: Float32Array): number[] {
  const sorted = sample.filter((value) => !Number.isNaN(value)).sort();
  if (sorted.length === 0) return [];
  return Array.from({ length: NUM_DONORS }, (_, i) => sorted[Math.floor(((i + 0.5) * sorted.length) / NUM_DONORS)]);
}

/** Rows to predict in addition to those of the partition. */
export interface Shuffled {
  /** Positions in the partition of the rows in the sample, ascending. */
  chosen: number[];
  /** The chosen rows once for each feature, with the values of that feature replaced: [numFeatures x chosen] rows. */
  columns: Float32Array[];
}

/** @param donors values from `chooseDonors`, one list for each feature */
export function shuffleRows(rows: RawRows, plan: Plan, donors: readonly number[][]): Shuffled {
  const random = new RandomStream(plan.params.seed, STREAM.permutation);
  const share = importanceRows(plan) / plan.numTest;
  const chosen: number[] = [];
  for (let i = 0; i < rows.numRows; i++) if (random.seek(rows.rowIndex[i]).nextOpen() < share) chosen.push(i);
  const numFeatures = rows.columns.length;
  const columns = rows.columns.map((values) => {
    const repeated = new Float32Array(numFeatures * chosen.length);
    for (let at = 0; at < repeated.length; at++) repeated[at] = values[chosen[at % chosen.length]];
    return repeated;
  });
  for (const [i, row] of chosen.entries()) {
    random.seek(rows.rowIndex[row]).nextOpen(); // decided above whether the row is in the sample
    for (let j = 0; j < numFeatures; j++) {
      const value = donors[j][Math.floor(random.nextOpen() * donors[j].length)];
      if (value !== undefined) columns[j][j * chosen.length + i] = value;
    }
  }
  return { chosen, columns };
}

/** Call `visit` for each replaced row, with the position of its original in the partition. */
function compare(
  chosen: readonly number[],
  shuffled: ArrayLike<number>,
  visit: (feature: number, row: number, predicted: number) => void,
): void {
  for (let at = 0; at < shuffled.length; at++) {
    visit(Math.floor(at / chosen.length), chosen[at % chosen.length], shuffled[at]);
  }
}

/**
 * @param predicted classes of the partition's rows
 * @param chosen positions of the rows in the sample
 * @param shuffled classes of the rows of `shuffleRows`
 */
export function countImportance(
  labels: ArrayLike<number>,
  predicted: ArrayLike<number>,
  chosen: readonly number[],
  shuffled: ArrayLike<number>,
): ImportanceCounts {
  const numFeatures = chosen.length === 0 ? 0 : shuffled.length / chosen.length;
  const lost = new Array<number>(numFeatures).fill(0);
  const gained = new Array<number>(numFeatures).fill(0);
  compare(chosen, shuffled, (feature, row, after) => {
    const wasRight = predicted[row] === labels[row];
    const isRight = after === labels[row];
    if (wasRight && !isRight) lost[feature]++;
    if (!wasRight && isRight) gained[feature]++;
  });
  return { numRows: chosen.length, lost, gained };
}

/**
 * @param predicted values of the partition's rows
 * @param chosen positions of the rows in the sample
 * @param shuffled values of the rows of `shuffleRows`
 */
export function sumImportance(
  labels: ArrayLike<number>,
  predicted: ArrayLike<number>,
  chosen: readonly number[],
  shuffled: ArrayLike<number>,
): ValueImportanceSums {
  const numFeatures = chosen.length === 0 ? 0 : shuffled.length / chosen.length;
  const empty = () => Array.from({ length: numFeatures }, (): number[] => []);
  const [growths, squares] = [empty(), empty()];
  compare(chosen, shuffled, (feature, row, after) => {
    const growth = (labels[row] - after) ** 2 - (labels[row] - predicted[row]) ** 2;
    addExact(growths[feature], growth);
    addExact(squares[feature], growth * growth);
  });
  for (const sum of [...growths, ...squares]) settle(sum);
  return { numRows: chosen.length, growths, squares };
}

/** @returns null when no partition has a row of the sample */
export function mergeImportance(
  partitions: readonly (ImportanceCounts | null)[],
  numFeatures: number,
): PermutationImportances | null {
  return merge(partitions, numFeatures, (parts, j, numRows) => {
    const lost = parts.reduce((sum, part) => sum + part.lost[j], 0);
    const gained = parts.reduce((sum, part) => sum + part.gained[j], 0);
    const mean = (lost - gained) / numRows;
    return { mean, error: Math.sqrt(((lost + gained) / numRows - mean * mean) / numRows) };
  });
}

/**
 * @param variance of the true values on the test side, above 0
 * @returns loss of R²; null when no partition has a row of the sample
 */
export function mergeValueImportance(
  partitions: readonly (ValueImportanceSums | null)[],
  numFeatures: number,
  variance: number,
): PermutationImportances | null {
  return merge(partitions, numFeatures, (parts, j, numRows) => {
    const total = (key: 'growths' | 'squares') => nearestSum(mergeSums(parts.map((part) => part[key][j])));
    const mean = total('growths') / numRows;
    const spread = Math.max(0, total('squares') / numRows - mean * mean);
    return { mean: mean / variance, error: Math.sqrt(spread / numRows) / variance };
  });
}

function merge<Part extends { numRows: number }>(
  partitions: readonly (Part | null)[],
  numFeatures: number,
  measure: (parts: readonly Part[], feature: number, numRows: number) => { mean: number; error: number },
): PermutationImportances | null {
  const parts = partitions.filter((part) => part !== null).filter(({ numRows }) => numRows > 0);
  const numRows = parts.reduce((sum, part) => sum + part.numRows, 0);
  if (numRows === 0) return null;
  const features = Array.from({ length: numFeatures }, (_, j) => measure(parts, j, numRows));
  return { mean: features.map(({ mean }) => mean), error: features.map(({ error }) => error), numRows };
}
