// Accuracy with its interval, and balanced accuracy.

import { InputError } from '../base/errors.ts';
import { classMetric, classTotals, type PairCount } from './confusion.ts';
import { mergeSums, nearestSum } from './exact-sum.ts';
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
 * Share of rows predicted right, with its interval.
 *
 * @param pairs counts of labels and predicted classes
 * @throws {InputError} when there are no rows or their weight is 0
 */
export function measureAccuracy(pairs: readonly PairCount[]): Accuracy {
  const weigh = (counted: readonly PairCount[]) => nearestSum(mergeSums(counted.map(([, , ...rows]) => rows)));
  const numRows = weigh(pairs);
  if (numRows === 0) {
    throw new InputError(`accuracy needs rows of a weight above 0, got ${pairs.length ? 'weight 0' : 'none'}`);
  }
  const numCorrect = weigh(pairs.filter(([label, predicted]) => label === predicted));
  const share = numCorrect / numRows;
  return { accuracy: share, interval: wilsonInterval(share, numRows), numRows, numCorrect };
}

/** Share of rows whose predicted class is the true one: scikit-learn's accuracy_score. */
export const accuracy = classMetric('accuracy', (pairs) => measureAccuracy(pairs).accuracy);

/** Mean recall of the classes that have rows: scikit-learn's balanced_accuracy_score. */
export const balancedAccuracy = classMetric('balancedAccuracy', (pairs) => {
  const present = classTotals('balancedAccuracy', pairs).filter(({ actual }) => actual > 0);
  return present.reduce((sum, { actual, correct }) => sum + correct / actual, 0) / present.length;
});
