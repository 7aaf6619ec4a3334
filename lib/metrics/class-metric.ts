// Metrics of predicted classes: one partial serves all of them.

import { countPairs, mergePairs, type PairCount } from './confusion.ts';
import { checkClasses, type Metric } from './metric.ts';

/** A metric of predicted classes, all of which share one partial. */
export function classMetric(name: string, value: (pairs: readonly PairCount[]) => number): Metric<PairCount[]> {
  return {
    name,
    partial(labels, predicted, weights) {
      checkClasses('label', labels);
      checkClasses('predicted class', predicted);
      return countPairs(labels, predicted, weights);
    },
    merge: mergePairs,
    value,
  };
}
