// Balanced accuracy: the mean recall of the classes.

import { classMetric } from './class-metric.ts';
import { classTotals, type PairCount } from './confusion.ts';

/** Mean over the classes that have rows of the share predicted right: scikit-learn's balanced_accuracy_score. */
export const balancedAccuracy = classMetric('balancedAccuracy', (pairs: readonly PairCount[]) => {
  const present = classTotals('balancedAccuracy', pairs).filter(({ actual }) => actual > 0);
  return present.reduce((sum, { actual, correct }) => sum + correct / actual, 0) / present.length;
});
