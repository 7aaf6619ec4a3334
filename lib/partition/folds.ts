// Folds of cross-validation: the training rows split into parts of equal size, each held out once.

import { KeyedPermutation, STREAM } from '../base/random.ts';
import type { Labels } from './rows.ts';

/**
 * Assign a fold to each training row. Fold sizes differ by at most one, also within each class if stratified.
 *
 * @param labels class, or value, of each training row, in the order of the dataset
 * @param numFolds at least 2
 * @param isStratified whether each class is split separately; for classification only
 * @returns the fold of each row, in their order
 */
export function assignFolds(labels: Labels, numFolds: number, seed: number, isStratified: boolean): Uint16Array {
  const strata = isStratified ? labels : new Uint16Array(labels.length);
  const counts: number[] = [];
  for (const stratum of strata) counts[stratum] = (counts[stratum] ?? 0) + 1;
  // each class starts at the fold after the last of the previous class, so that total sizes are balanced too
  let before = 0;
  const dividers = Array.from(counts, (count = 0, stratum) => {
    const start = before;
    before += count;
    return { permutation: new KeyedPermutation(count, seed, STREAM.folds, stratum), start, rank: 0 };
  });
  return Uint16Array.from(strata, (stratum) => {
    const divider = dividers[stratum];
    return (divider.permutation.at(divider.rank++) + divider.start) % numFolds;
  });
}
