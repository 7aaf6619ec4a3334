// Metrics of predicted numbers that are a mean over rows.

import { checkFinite, checkRows, type Metric } from './metric.ts';
import { type MeanPartial, meanOf, meanPartial, mergeMeans } from './weighted-mean.ts';

/**
 * @param errorOf what a row adds, from true value − prediction
 * @param finish from the mean to the score
 */
export function regressionMetric(
  name: string,
  errorOf: (difference: number) => number,
  finish: (mean: number) => number = (mean) => mean,
): Metric<MeanPartial> {
  return {
    name,
    partial(labels, predictions, weights) {
      checkRows(labels, predictions, weights);
      checkFinite('label', labels);
      checkFinite('prediction', predictions);
      return meanPartial(labels.length, (i) => errorOf(labels[i] - predictions[i]), weights);
    },
    merge: mergeMeans,
    value: (partial) => finish(meanOf(name, partial)),
  };
}
