// Log loss: how surprised the probabilities are by the labels.

import { log } from '../base/numeric.ts';
import { checkNumClasses, checkProbabilities, checkRows, type Metric } from './metric.ts';
import { type MeanPartial, meanOf, meanPartial, mergeMeans } from './weighted-mean.ts';

/**
 * Mean of −ln of the probability of the true class, which is kept in [ε, 1 − ε] with the ε of a double: scikit-learn's
 * log_loss with all classes given as `labels` (probabilities in double precision; it takes a larger ε for others).
 */
export function logLoss(numClasses: number): Metric<MeanPartial> {
  checkNumClasses(numClasses);
  return {
    name: 'logLoss',
    partial(labels, probabilities, weights) {
      checkProbabilities(labels, probabilities, numClasses);
      checkRows(labels, labels, weights);
      return meanPartial(labels.length, (i) => -log(clip(probabilities[i * numClasses + labels[i]])), weights);
    },
    merge: mergeMeans,
    value: (partial) => meanOf('logLoss', partial),
  };
}

const clip = (probability: number) => Math.min(1 - Number.EPSILON, Math.max(Number.EPSILON, probability));
