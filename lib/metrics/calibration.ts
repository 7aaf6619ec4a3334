// Calibration table: are rows with probability p of class 1 in a share p of cases?

import { InputError } from '../base/errors.ts';
import { addExact, mergeSums, nearestSum, settle } from './exact-sum.ts';
import { checkFinite, checkRows } from './metric.ts';

const NUM_BINS = 10;

/** Exact sums over the rows of one bin, in stored form. */
export interface CalibrationCounts {
  weight: number[];
  probability: number[];
  positive: number[];
}

export interface CalibrationBin {
  /** Exclusive lower end of the bin; 0 itself belongs to the first. */
  low: number;
  /** Inclusive upper end. */
  high: number;
  /** Number or weight of rows. */
  rows: number;
  /** Mean probability of class 1; null without rows. */
  predicted: number | null;
  /** Share of rows of class 1; null without rows. */
  observed: number | null;
}

/**
 * Sums for each of 10 bins of equal width: scikit-learn's calibration_curve with `n_bins=10`, which accepts no weights
 * and omits empty bins.
 *
 * @param labels 0 or 1
 * @param probabilities probability of class 1 for each row
 */
export function calibrationCounts(
  labels: ArrayLike<number>,
  probabilities: ArrayLike<number>,
  weights?: ArrayLike<number>,
): CalibrationCounts[] {
  checkRows(labels, probabilities, weights);
  checkFinite('probability', probabilities);
  const bins = Array.from(
    { length: NUM_BINS },
    (): CalibrationCounts => ({ weight: [], probability: [], positive: [] }),
  );
  for (let i = 0; i < labels.length; i++) {
    const probability = probabilities[i];
    if (labels[i] !== 0 && labels[i] !== 1) throw new InputError(`label of row ${i} must be 0 or 1, got ${labels[i]}`);
    if (probability < 0 || probability > 1) {
      throw new InputError(`probability of row ${i} must be from 0 to 1, got ${probability}`);
    }
    const weight = weights ? weights[i] : 1;
    let at = 0;
    while (at < NUM_BINS - 1 && probability > edge(at + 1)) at++;
    addExact(bins[at].weight, weight);
    addExact(bins[at].probability, weight * probability);
    addExact(bins[at].positive, weight * labels[i]);
  }
  for (const bin of bins) for (const sum of [bin.weight, bin.probability, bin.positive]) settle(sum);
  return bins;
}

export function mergeCalibration(partials: readonly (readonly CalibrationCounts[])[]): CalibrationCounts[] {
  return Array.from({ length: NUM_BINS }, (_, at) => ({
    weight: mergeSums(partials.map((bins) => bins[at].weight)),
    probability: mergeSums(partials.map((bins) => bins[at].probability)),
    positive: mergeSums(partials.map((bins) => bins[at].positive)),
  }));
}

/** @throws {InputError} when there are no rows or their weight is 0 */
export function calibrationTable(bins: readonly CalibrationCounts[]): CalibrationBin[] {
  if (!bins.some(({ weight }) => nearestSum(weight) > 0)) {
    throw new InputError('calibration needs rows of a weight above 0, got none');
  }
  return bins.map(({ weight, probability, positive }, at) => {
    const rows = nearestSum(weight);
    const mean = (sum: readonly number[]) => (rows > 0 ? nearestSum(sum) / rows : null);
    return { low: edge(at), high: edge(at + 1), rows, predicted: mean(probability), observed: mean(positive) };
  });
}

/** Bin edges like numpy.linspace(0, 1, 11). */
const edge = (at: number) => (at === NUM_BINS ? 1 : at * (1 / NUM_BINS));
