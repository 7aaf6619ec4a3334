// A mean over rows as a partial: the sum of the weights and the sum of the weighted values, so that merging is exact.

import { InputError } from '../base/errors.ts';
import { addExact, mergeSums, nearestSum, settle } from './exact-sum.ts';

/** Both sums exact, in stored form. */
export interface MeanPartial {
  weight: number[];
  total: number[];
}

/** @param getValue returns the value of row `i`, in [0, numRows) */
export function meanPartial(
  numRows: number,
  getValue: (i: number) => number,
  weights?: ArrayLike<number>,
): MeanPartial {
  const weight: number[] = [];
  const total: number[] = [];
  for (let i = 0; i < numRows; i++) {
    const w = weights ? weights[i] : 1;
    addExact(weight, w);
    addExact(total, w * getValue(i));
  }
  settle(weight);
  settle(total);
  return { weight, total };
}

export function mergeMeans(partials: readonly MeanPartial[]): MeanPartial {
  return {
    weight: mergeSums(partials.map(({ weight }) => weight)),
    total: mergeSums(partials.map(({ total }) => total)),
  };
}

/** @throws {InputError} when there are no rows or their weight is 0 */
export function weightedMean(metric: string, { weight, total }: MeanPartial): number {
  const totalWeight = nearestSum(weight);
  if (!(totalWeight > 0)) {
    throw new InputError(`${metric} needs rows of a weight above 0, got ${weight.length ? 'weight 0' : 'none'}`);
  }
  return nearestSum(total) / totalWeight;
}
