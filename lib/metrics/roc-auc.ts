// ROC AUC: the chance that a row of the class scores above a row of the rest, ties counting half.

import { type Interval, normalInterval } from './interval.ts';
import { checkNumClasses, type Metric } from './metric.ts';
import {
  averageClasses,
  checkBothSides,
  countClassScores,
  mergeClassScores,
  type ScoreCounts,
  type Threshold,
  thresholds,
} from './score-counts.ts';

/**
 * scikit-learn's roc_auc_score: of class 1 for two classes; for more one class against the rest, averaged plainly (macro)
 * or by the rows of the classes (weighted). Exact; the partial holds each distinct score once.
 *
 * The value throws a RangeError when a class has all rows or none.
 */
export function rocAuc(numClasses: number, average: 'macro' | 'weighted' = 'macro'): Metric<ScoreCounts[]> {
  checkNumClasses(numClasses);
  return {
    name: 'rocAuc',
    partial: (labels, probabilities, weights) => countClassScores(labels, probabilities, numClasses, weights),
    merge: mergeClassScores,
    value: (counts) => rocAucOf(counts, average),
  };
}

/** ROC AUC of counts that are at hand. */
export function rocAucOf(counts: readonly ScoreCounts[], average: 'macro' | 'weighted' = 'macro'): number {
  return averageClasses('rocAuc', counts, average, area);
}

/**
 * How far the AUC of rounded scores can be from that of the scores, where `counts` has the rounded ones: rounding keeps the
 * order of pairs that it does not tie, so only tied pairs matter, each by half at most. For several classes the mean.
 */
export function rocAucError(counts: readonly ScoreCounts[]): number {
  return averageClasses('rocAucError', counts, 'macro', (steps, what) => {
    const { positives, negatives } = checkBothSides(what, steps);
    let tied = 0;
    for (const step of steps) tied += step.positives * step.negatives;
    return tied / (2 * positives * negatives);
  });
}

/**
 * 95 % interval of the AUC of two classes by the variance of DeLong. Counts are numbers of rows.
 *
 * @throws {RangeError} with less than 2 rows on either side
 * Source: DeLong, DeLong and Clarke-Pearson, "Comparing the areas under two or more correlated receiver operating
 * characteristic curves: a nonparametric approach", doi:10.2307/2531595.
 */
export function rocAucInterval(counts: ScoreCounts): Interval {
  const steps = thresholds(counts);
  const { positives, negatives } = checkBothSides('rocAucInterval', steps);
  if (positives < 2 || negatives < 2) {
    throw new RangeError(`rocAucInterval needs 2 rows of the class and of the rest, got ${positives} and ${negatives}`);
  }
  const auc = area(steps, 'rocAucInterval');
  // how each row is placed among those of the other side, and how that varies
  let positiveSquares = 0;
  let negativeSquares = 0;
  for (const step of steps) {
    const below = (negatives - step.falsePositives + step.negatives / 2) / negatives - auc;
    const above = (step.truePositives - step.positives / 2) / positives - auc;
    positiveSquares += step.positives * below * below;
    negativeSquares += step.negatives * above * above;
  }
  const variance = positiveSquares / (positives - 1) / positives + negativeSquares / (negatives - 1) / negatives;
  return normalInterval(auc, variance);
}

/** Exact for counts of rows while their product is below 2^53. */
function area(steps: readonly Threshold[], what: string): number {
  const { positives, negatives } = checkBothSides(what, steps);
  let sum = 0;
  for (const step of steps) sum += step.negatives * (step.truePositives - step.positives / 2);
  return sum / (positives * negatives);
}
