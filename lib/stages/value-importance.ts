// Permutation importance where values are predicted: how much the squared error grows when one feature's values are another's.

import { addExact, mergeSums, nearestSum, settle } from '../metrics/exact-sum.ts';
import type { PermutationImportances } from './importance.ts';

/** What a partition adds: exact sums over rows of the sample, by feature, shape [numFeatures]. */
export interface ValueImportanceSums {
  numRows: number;
  /** Of what the squared error grows by. */
  growths: number[][];
  /** Of its square. */
  squares: number[][];
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
  const sums = { growths: empty(), squares: empty() };
  for (let at = 0; at < shuffled.length; at++) {
    const feature = Math.floor(at / chosen.length);
    const row = chosen[at % chosen.length];
    const growth = (labels[row] - shuffled[at]) ** 2 - (labels[row] - predicted[row]) ** 2;
    addExact(sums.growths[feature], growth);
    addExact(sums.squares[feature], growth * growth);
  }
  for (const sum of [...sums.growths, ...sums.squares]) settle(sum);
  return { numRows: chosen.length, ...sums };
}

/**
 * Fall of R² when a feature's values are drawn anew; null when no partition has a row of the sample.
 *
 * @param variance of the true values on the test side, above 0
 */
export function mergeValueImportance(
  partitions: readonly (ValueImportanceSums | null)[],
  numFeatures: number,
  variance: number,
): PermutationImportances | null {
  const parts = partitions.filter((part) => part !== null && part.numRows > 0) as ValueImportanceSums[];
  const numRows = parts.reduce((sum, part) => sum + part.numRows, 0);
  if (numRows === 0) return null;
  const total = (key: 'growths' | 'squares', j: number) => nearestSum(mergeSums(parts.map((part) => part[key][j])));
  const features = Array.from({ length: numFeatures }, (_, j) => {
    const mean = total('growths', j) / numRows;
    const spread = Math.max(0, total('squares', j) / numRows - mean * mean);
    return { mean: mean / variance, error: Math.sqrt(spread / numRows) / variance };
  });
  return { mean: features.map(({ mean }) => mean), error: features.map(({ error }) => error), numRows };
}
