// How much worse a forest gets when one feature's values are shuffled.

import { MAX_SEED, RandomStream, STREAM } from '../base/random.ts';
import { checkWhole } from './params.ts';

const MAX_REPEATS = 100_000;

export interface PermutationImportance {
  /** Fall of the score for each feature, the mean over repeats, shape [numFeatures]. */
  mean: Float64Array;
  /** Standard deviation over repeats. */
  std: Float64Array;
  /** Fall of each repeat, row-major, shape [numFeatures, numRepeats]. */
  all: Float64Array;
}

/**
 * Importance of each feature by permutation; scikit-learn: `permutation_importance`.
 *
 * @param columns values, one array per feature; left as they are
 * @param score how good a forest is on columns, the higher the better
 * @param options `numRepeats`, shuffles of each feature, ≥ 1; `seed`, an integer from 0 to 2^53 - 1
 * @throws {InputError} when either is out of range
 */
export function permutationImportance(
  columns: readonly Float32Array[],
  score: (columns: Float32Array[]) => number,
  { numRepeats = 5, seed = 0 }: { numRepeats?: number; seed?: number } = {},
): PermutationImportance {
  checkWhole('numRepeats', numRepeats, 1, MAX_REPEATS);
  checkWhole('seed', seed, 0, MAX_SEED);
  const baseline = score([...columns]);
  const numFeatures = columns.length;
  const all = new Float64Array(numFeatures * numRepeats);
  for (let i = 0; i < all.length; i++) {
    const feature = Math.floor(i / numRepeats);
    const order = new RandomStream(seed, STREAM.permutation, i).permutation(columns[feature].length);
    const shuffled = [...columns];
    shuffled[feature] = Float32Array.from(order, (row) => columns[feature][row]);
    all[i] = baseline - score(shuffled);
  }
  const ofFeature = (feature: number) => all.subarray(feature * numRepeats, (feature + 1) * numRepeats);
  const mean = Float64Array.from(columns.keys(), (feature) => average(ofFeature(feature)));
  const std = mean.map((center, feature) =>
    Math.sqrt(average(ofFeature(feature).map((fall) => (fall - center) * (fall - center)))),
  );
  return { mean, std, all };
}

function average(numbers: Float64Array): number {
  return numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
}
