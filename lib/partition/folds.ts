// Folds: training rows divided into parts of equal size, each of which is held out once.

import { KeyedPermutation, STREAM } from '../base/random.ts';
import type { Labels } from './rows.ts';

/**
 * Fold of each training row, in the order of the rows: sizes differ by one at most; of each class too, where asked for.
 *
 * @param labels class, or value, of each training row, in the order of the data set
 * @param numFolds from 2 up
 * @param isStratified whether each class is divided by itself; not with values
 */
export function assignFolds(labels: Labels, numFolds: number, seed: number, isStratified: boolean): Uint16Array {
  const strata = isStratified ? labels : new Uint16Array(labels.length);
  const counts: number[] = [];
  for (const stratum of strata) counts[stratum] = (counts[stratum] ?? 0) + 1;
  // one class goes on where the one before ended, so that the sizes of all rows are equal too
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
