// Accuracy and its interval.

import { classMetric } from './class-metric.ts';
import type { PairCount } from './confusion.ts';
import { mergeSums, sumOf } from './exact-sum.ts';
import { type Interval, wilsonInterval } from './interval.ts';

export interface Accuracy {
  /** Share of rows whose predicted class is the true one, in [0, 1]. */
  accuracy: number;
  /** 95 % Wilson interval of the share, in [0, 1]; weights count as numbers of rows. */
  interval: Interval;
  numRows: number;
  numCorrect: number;
}

/**
 * @param pairs counts of labels and predicted classes
 * @throws {RangeError} when there are no rows or their weight is 0
 */
export function accuracyOf(pairs: readonly PairCount[]): Accuracy {
  const weigh = (counted: readonly PairCount[]) => sumOf(mergeSums(counted.map(([, , ...rows]) => rows)));
  const numRows = weigh(pairs);
  if (numRows === 0) {
    throw new RangeError(`accuracy needs rows of a weight above 0, got ${pairs.length ? 'weight 0' : 'none'}`);
  }
  const numCorrect = weigh(pairs.filter(([label, predicted]) => label === predicted));
  const share = numCorrect / numRows;
  return { accuracy: share, interval: wilsonInterval(share, numRows), numRows, numCorrect };
}

/** Share of rows whose predicted class is the true one: scikit-learn's accuracy_score. */
export const accuracy = classMetric('accuracy', (pairs) => accuracyOf(pairs).accuracy);
