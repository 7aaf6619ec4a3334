// Top-k accuracy: the label is among the k most probable classes.

import { checkNumClasses, checkProbabilities, checkRows, type Metric } from './metric.ts';
import { type MeanPartial, meanOf, meanPartial, mergeMeans } from './weighted-mean.ts';

/**
 * Share of rows whose label is among the `k` most probable classes. Of equal probabilities the higher class goes first,
 * as in scikit-learn's top_k_accuracy_score for three classes and more; `predict` takes the lower one, so with ties top-1
 * is not quite the accuracy. For two classes and k = 1 scikit-learn goes by probability of class 1 > 0.5, which we follow.
 *
 * @param k from 1 to numClasses
 */
export function topKAccuracy(numClasses: number, k: number): Metric<MeanPartial> {
  checkNumClasses(numClasses);
  if (!(Number.isSafeInteger(k) && k >= 1 && k <= numClasses)) {
    throw new RangeError(`k must be a whole number from 1 to ${numClasses}, got ${k}`);
  }
  return {
    name: `top${k}Accuracy`,
    partial(labels, probabilities, weights) {
      checkProbabilities(labels, probabilities, numClasses);
      checkRows(labels, labels, weights);
      const isHit = (i: number) => {
        const label = labels[i];
        const start = i * numClasses;
        if (numClasses === 2 && k === 1) return (probabilities[start + 1] > 0.5 ? 1 : 0) === label ? 1 : 0;
        let ahead = 0;
        for (let other = 0; other < numClasses; other++) {
          const lead = probabilities[start + other] - probabilities[start + label];
          if (lead > 0 || (lead === 0 && other > label)) ahead++;
        }
        return ahead < k ? 1 : 0;
      };
      return meanPartial(labels.length, isHit, weights);
    },
    merge: mergeMeans,
    value: (partial) => meanOf('topKAccuracy', partial),
  };
}
