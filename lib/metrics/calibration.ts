// Calibration table: do rows of probability p turn out to be of the class in a share p of cases?

import { addExact, mergeSums, settle, sumOf } from './exact-sum.ts';
import { checkFinite, checkRows } from './metric.ts';

const NUM_BINS = 10;

/** Exact sums over the rows of one bin, in stored form. */
export interface CalibrationCounts {
  weight: number[];
  probability: number[];
  positive: number[];
}

export interface CalibrationBin {
  /** Probabilities above this, or from 0 in the first bin, */
  low: number;
  /** up to this, inclusive. */
  high: number;
  /** Rows, or their weight. */
  rows: number;
  /** Mean probability of class 1; null without rows. */
  predicted: number | null;
  /** Share of rows of class 1; null without rows. */
  observed: number | null;
}

/**
 * Sums of each of 10 equal bins; scikit-learn's calibration_curve with `n_bins=10`, which takes no weights and leaves out
 * empty bins.
 *
 * @param labels 0 or 1
 * @param probabilities of class 1, one per row
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
    if (labels[i] !== 0 && labels[i] !== 1) throw new RangeError(`label of row ${i} must be 0 or 1, got ${labels[i]}`);
    if (probability < 0 || probability > 1) {
      throw new RangeError(`probability of row ${i} must be from 0 to 1, got ${probability}`);
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

/** @throws {RangeError} when there are no rows or their weight is 0 */
export function calibrationTable(bins: readonly CalibrationCounts[]): CalibrationBin[] {
  if (!bins.some(({ weight }) => sumOf(weight) > 0)) {
    throw new RangeError('calibration needs rows of a weight above 0, got none');
  }
  return bins.map(({ weight, probability, positive }, at) => {
    const rows = sumOf(weight);
    const mean = (sum: readonly number[]) => (rows > 0 ? sumOf(sum) / rows : null);
    return { low: edge(at), high: edge(at + 1), rows, predicted: mean(probability), observed: mean(positive) };
  });
}

/** As numpy.linspace(0, 1, 11). */
const edge = (at: number) => (at === NUM_BINS ? 1 : at * (1 / NUM_BINS));
