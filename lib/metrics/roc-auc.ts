// ROC AUC: the probability that a row of the class scores above a row of the rest; a tie counts half.

import { InputError } from '../base/errors.ts';
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
 * scikit-learn's roc_auc_score: the one of class 1 for two classes; for more that of each class against the rest,
 * averaged plainly (macro) or by the rows of the classes (weighted). Exact; the partial holds each distinct score once.
 *
 * `value` throws an InputError when a class has all rows or none.
 */
export function rocAuc(numClasses: number, average: 'macro' | 'weighted' = 'macro'): Metric<ScoreCounts[]> {
  checkNumClasses(numClasses);
  return {
    name: 'rocAuc',
    partial: (labels, probabilities, weights) => countClassScores(labels, probabilities, numClasses, { weights }),
    merge: mergeClassScores,
    value: (counts) => measureRocAuc(counts, average),
  };
}

/** ROC AUC of merged counts. */
export function measureRocAuc(counts: readonly ScoreCounts[], average: 'macro' | 'weighted' = 'macro'): number {
  return averageClasses('rocAuc', counts, average, area);
}

/**
 * Largest possible difference between the AUC of rounded scores, given as `counts`, and that of the scores themselves.
 * Rounding keeps the order of all pairs that it does not tie, so only tied pairs matter, each by at most one half. For
 * several classes the mean.
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
 * @throws {InputError} with less than 2 rows on either side
 * Source: DeLong, DeLong and Clarke-Pearson, "Comparing the areas under two or more correlated receiver operating
 * characteristic curves: a nonparametric approach", doi:10.2307/2531595.
 */
export function rocAucInterval(counts: ScoreCounts): Interval {
  const steps = thresholds(counts);
  const { positives, negatives } = checkBothSides('rocAucInterval', steps);
  if (positives < 2 || negatives < 2) {
    throw new InputError(`rocAucInterval needs 2 rows of the class and of the rest, got ${positives} and ${negatives}`);
  }
  const auc = area(steps, 'rocAucInterval');
  // the share of the other side's rows that each row is ranked above, and its variance
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

/** Area under the ROC curve; exact while positives × negatives is below 2^53. */
function area(steps: readonly Threshold[], what: string): number {
  const { positives, negatives } = checkBothSides(what, steps);
  let sum = 0;
  for (const step of steps) sum += step.negatives * (step.truePositives - step.positives / 2);
  return sum / (positives * negatives);
}
