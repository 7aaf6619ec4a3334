// An interval for R², from sums over rows that merge exactly.

import { addExact, mergeSums, nearestSum, settle } from './exact-sum.ts';
import { type Interval, Z_95 } from './interval.ts';
import { checkFinite, checkRows } from './metric.ts';

/** Exact sums over rows, in stored form, with e = true value − prediction and d = true value − centre. */
export interface R2SpreadPartial {
  numRows: number;
  /** Sum of e². */
  errors: number[];
  /** Sum of d². */
  distances: number[];
  /** Sum of e⁴. */
  errorSquares: number[];
  /** Sum of e²·d². */
  products: number[];
  /** Sum of d⁴. */
  distanceSquares: number[];
}

/**
 * Sums over the rows of one partition.
 *
 * @param centre the mean of the true values over the whole dataset, the same for all partitions
 */
export function r2Spread(labels: ArrayLike<number>, predictions: ArrayLike<number>, centre: number): R2SpreadPartial {
  checkRows(labels, predictions);
  checkFinite('label', labels);
  checkFinite('prediction', predictions);
  const sums = { errors: [], distances: [], errorSquares: [], products: [], distanceSquares: [] };
  const add = (name: keyof typeof sums, value: number) => addExact(sums[name], value);
  for (let i = 0; i < labels.length; i++) {
    const error = (labels[i] - predictions[i]) ** 2;
    const distance = (labels[i] - centre) ** 2;
    add('errors', error);
    add('distances', distance);
    add('errorSquares', error * error);
    add('products', error * distance);
    add('distanceSquares', distance * distance);
  }
  for (const sum of Object.values(sums)) settle(sum);
  return { numRows: labels.length, ...sums };
}

export function mergeR2Spreads(partials: readonly R2SpreadPartial[]): R2SpreadPartial {
  const merge = (key: Exclude<keyof R2SpreadPartial, 'numRows'>) => mergeSums(partials.map((part) => part[key]));
  return {
    numRows: partials.reduce((sum, { numRows }) => sum + numRows, 0),
    errors: merge('errors'),
    distances: merge('distances'),
    errorSquares: merge('errorSquares'),
    products: merge('products'),
    distanceSquares: merge('distanceSquares'),
  };
}

/**
 * 95 % interval of R² by the delta method: 1 − R² is the ratio q of the means of e² and d². Its error is about that of
 * the mean of (e² − q d²), divided by the mean of d². Assumes independent rows of the same distribution, a few dozen or
 * more.
 *
 * @returns null if the true values do not vary
 */
export function r2Interval(r2: number, partial: R2SpreadPartial): Interval | null {
  const { numRows } = partial;
  const mean = (sum: readonly number[]) => nearestSum(sum) / numRows;
  const distance = mean(partial.distances);
  if (!(distance > 0) || numRows < 2) return null;
  const ratio = mean(partial.errors) / distance;
  const square =
    mean(partial.errorSquares) - 2 * ratio * mean(partial.products) + ratio * ratio * mean(partial.distanceSquares);
  const margin = (Z_95 * Math.sqrt(Math.max(0, square) / (numRows - 1))) / distance;
  return [r2 - margin, Math.min(1, r2 + margin)];
}
