// An interval for R², from sums over rows that merge exactly.

import { addExact, mergeSums, settle, sumOf } from './exact-sum.ts';
import { Z_95 } from './interval.ts';
import { checkFinite, checkRows } from './metric.ts';

/** Exact sums over rows, in stored form, with e = true value − prediction and d = true value − centre. */
export interface R2SpreadPartial {
  numRows: number;
  /** of e² */
  errors: number[];
  /** of d² */
  distances: number[];
  /** of e⁴ */
  errorSquares: number[];
  /** of e²·d² */
  products: number[];
  /** of d⁴ */
  distanceSquares: number[];
}

/** @param centre the same for all partitions: the mean of the true values over the whole data set */
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
 * 95 % interval of R² by the delta method: 1 − R² is the ratio q of two means, of e² and d², whose error is about that of
 * the mean of (e² − q d²) over the mean of d². For rows drawn alike, some dozens or more of them.
 *
 * @returns null where the true values don't vary
 */
export function r2Interval(r2: number, partial: R2SpreadPartial): [low: number, high: number] | null {
  const { numRows } = partial;
  const mean = (sum: readonly number[]) => sumOf(sum) / numRows;
  const distance = mean(partial.distances);
  if (!(distance > 0) || numRows < 2) return null;
  const ratio = mean(partial.errors) / distance;
  const square =
    mean(partial.errorSquares) - 2 * ratio * mean(partial.products) + ratio * ratio * mean(partial.distanceSquares);
  const margin = (Z_95 * Math.sqrt(Math.max(0, square) / (numRows - 1))) / distance;
  return [r2 - margin, Math.min(1, r2 + margin)];
}
