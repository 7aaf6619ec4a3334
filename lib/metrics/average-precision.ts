// Average precision: the precision at each threshold, weighted by the recall that it adds.

import { InputError } from '../base/errors.ts';
import { checkNumClasses, type Metric } from './metric.ts';
import {
  averageClasses,
  countClassScores,
  mergeClassScores,
  type ScoreCounts,
  type Threshold,
} from './score-counts.ts';

/**
 * scikit-learn's average_precision_score (a sum of steps, not of trapezoids): the one of class 1 for two classes, else
 * that of each class against the rest, averaged like `rocAuc`. A class without rows is an error here; scikit-learn
 * counts it as 0 and warns.
 */
export function averagePrecision(numClasses: number, average: 'macro' | 'weighted' = 'macro'): Metric<ScoreCounts[]> {
  checkNumClasses(numClasses);
  return {
    name: 'averagePrecision',
    partial: (labels, probabilities, weights) => countClassScores(labels, probabilities, numClasses, { weights }),
    merge: mergeClassScores,
    value: (counts) => averageClasses('averagePrecision', counts, average, precisionOverRecall),
  };
}

function precisionOverRecall(steps: readonly Threshold[], what: string): number {
  const positives = steps.at(-1)?.truePositives ?? 0;
  if (positives === 0) throw new InputError(`${what} needs rows of the class, got none`);
  let sum = 0;
  for (const { positives: added, truePositives, falsePositives } of steps) {
    sum += (added * truePositives) / (truePositives + falsePositives);
  }
  return sum / positives;
}
