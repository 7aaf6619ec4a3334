// Average precision: the precision at each threshold, weighted by the recall that it adds.

import { checkNumClasses, type Metric } from './metric.ts';
import {
  averageClasses,
  countClassScores,
  mergeClassScores,
  type ScoreCounts,
  type Threshold,
} from './score-counts.ts';

/**
 * scikit-learn's average_precision_score (a sum of steps, not of trapezoids): of class 1 for two classes, else one class
 * against the rest, averaged as in `rocAuc`. A class without rows is an error here; there it counts as 0 with a warning.
 */
export function averagePrecision(numClasses: number, average: 'macro' | 'weighted' = 'macro'): Metric<ScoreCounts[]> {
  checkNumClasses(numClasses);
  return {
    name: 'averagePrecision',
    partial: (labels, probabilities, weights) => countClassScores(labels, probabilities, numClasses, weights),
    merge: mergeClassScores,
    value: (counts) => averageClasses('averagePrecision', counts, average, precisionOverRecall),
  };
}

function precisionOverRecall(steps: readonly Threshold[], what: string): number {
  const positives = steps.at(-1)?.truePositives ?? 0;
  if (positives === 0) throw new RangeError(`${what} needs rows of the class, got none`);
  let sum = 0;
  for (const { positives: added, truePositives, falsePositives } of steps) {
    sum += (added * truePositives) / (truePositives + falsePositives);
  }
  return sum / positives;
}
