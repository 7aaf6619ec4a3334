// R², the coefficient of determination.

import { InputError } from '../base/errors.ts';
import { addExact, addProduct, mergeSums, nearestSum, product, settle } from './exact-sum.ts';
import { checkFinite, checkRows, type Metric } from './metric.ts';

/** Exact sums over rows, in stored form. */
export interface R2Partial {
  numRows: number;
  weight: number[];
  /** Sum of weight · true value. */
  labels: number[];
  /** Sum of weight · true value². */
  squares: number[];
  /** Sum of weight · (true value − prediction)². */
  errors: number[];
}

/**
 * 1 − squared errors / squared distances of the true values from their mean: scikit-learn's r2_score. True values that
 * are all equal give 1 if every prediction is right and 0 otherwise, like its `force_finite`; here "equal" is exact,
 * while in scikit-learn the rounding of the mean can hide it. Values may be up to about 1e150 in size.
 */
export const r2: Metric<R2Partial> = {
  name: 'r2',
  partial(labels, predictions, weights) {
    checkRows(labels, predictions, weights);
    checkFinite('label', labels);
    checkFinite('prediction', predictions);
    const partial: R2Partial = { numRows: labels.length, weight: [], labels: [], squares: [], errors: [] };
    for (let i = 0; i < labels.length; i++) {
      const label = labels[i];
      const weight = weights ? weights[i] : 1;
      const difference = label - predictions[i];
      // the squared distances from the mean are a small difference of large sums, so the sums and products must be
      // exact
      const [weighted, rest] = product(weight, label);
      addExact(partial.weight, weight);
      addExact(partial.labels, weighted);
      addExact(partial.labels, rest);
      addProduct(partial.squares, weighted, label);
      addProduct(partial.squares, rest, label);
      addExact(partial.errors, weight * difference * difference);
    }
    for (const sum of [partial.weight, partial.labels, partial.squares, partial.errors]) settle(sum);
    return partial;
  },
  merge(partials) {
    const merge = (key: 'weight' | 'labels' | 'squares' | 'errors') => mergeSums(partials.map((part) => part[key]));
    return {
      numRows: partials.reduce((sum, { numRows }) => sum + numRows, 0),
      weight: merge('weight'),
      labels: merge('labels'),
      squares: merge('squares'),
      errors: merge('errors'),
    };
  },
  value({ numRows, weight, labels, squares, errors }) {
    if (numRows < 2) throw new InputError(`r2 needs at least 2 rows, got ${numRows}`);
    if (!(nearestSum(weight) > 0)) throw new InputError('r2 needs rows of a weight above 0, got weight 0');
    const distances = squaredDistances({ weight, labels, squares });
    const error = nearestSum(errors);
    if (distances > 0) return 1 - error / distances;
    return error === 0 ? 1 : 0;
  },
};

/** Weighted sum of the squared distances of the true values from their mean; the weight must be above 0. */
export function squaredDistances({ weight, labels, squares }: Omit<R2Partial, 'numRows' | 'errors'>): number {
  // weight · squares − labels², which is weight times the squared distances
  const spread: number[] = [];
  for (const a of weight) for (const b of squares) addProduct(spread, a, b);
  for (const a of labels) for (const b of labels) addProduct(spread, -a, b);
  settle(spread);
  return nearestSum(spread) / nearestSum(weight);
}
