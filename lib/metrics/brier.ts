// Brier score: squared difference of probabilities and labels.

import { checkNumClasses, checkProbabilities, checkRows, type Metric } from './metric.ts';
import { type MeanPartial, meanPartial, mergeMeans, weightedMean } from './weighted-mean.ts';

/**
 * Mean over rows of the sum over classes of (is the label − probability)², halved for two classes: in [0, 1] for two
 * and in [0, 2] for more. scikit-learn's brier_score_loss with all classes given as `labels` and its
 * `scale_by_half="auto"`.
 */
export function brier(numClasses: number): Metric<MeanPartial> {
  checkNumClasses(numClasses);
  const scale = numClasses === 2 ? 0.5 : 1;
  return {
    name: 'brier',
    partial(labels, probabilities, weights) {
      checkProbabilities(labels, probabilities, numClasses);
      checkRows(labels, labels, weights);
      const squares = (i: number) => {
        let sum = 0;
        for (let k = 0, at = i * numClasses; k < numClasses; k++, at++) {
          const distance = (labels[i] === k ? 1 : 0) - probabilities[at];
          sum += distance * distance;
        }
        return scale * sum;
      };
      return meanPartial(labels.length, squares, weights);
    },
    merge: mergeMeans,
    value: (partial) => weightedMean('brier', partial),
  };
}
