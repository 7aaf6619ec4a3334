// Log loss: the negative log-likelihood of the labels.

import { log } from '../base/numeric.ts';
import { checkNumClasses, checkProbabilities, checkRows, type Metric } from './metric.ts';
import { type MeanPartial, meanPartial, mergeMeans, weightedMean } from './weighted-mean.ts';

/**
 * Mean of −ln of the probability of the true class, clipped to [ε, 1 − ε] with the ε of a double: scikit-learn's
 * log_loss with all classes given as `labels` and probabilities in double precision (for others it uses a larger ε).
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
    value: (partial) => weightedMean('logLoss', partial),
  };
}

const clip = (probability: number) => Math.min(1 - Number.EPSILON, Math.max(Number.EPSILON, probability));
