// Metrics of predicted numbers that are a mean over rows: mean absolute error, root mean squared error.

import { checkFinite, checkRows, type Metric } from './metric.ts';
import { type MeanPartial, meanPartial, mergeMeans, weightedMean } from './weighted-mean.ts';

/** Mean of |true value − prediction|: scikit-learn's mean_absolute_error. */
export const meanAbsoluteError = regressionMetric('meanAbsoluteError', Math.abs);

/** Root of the mean of (true value − prediction)²: scikit-learn's root_mean_squared_error. */
export const rootMeanSquaredError = regressionMetric(
  'rootMeanSquaredError',
  (difference) => difference * difference,
  Math.sqrt,
);

/**
 * @param toError error of a row, from true value − prediction
 * @param finish the score, from the mean of the errors
 */
function regressionMetric(
  name: string,
  toError: (difference: number) => number,
  finish: (mean: number) => number = (mean) => mean,
): Metric<MeanPartial> {
  return {
    name,
    partial(labels, predictions, weights) {
      checkRows(labels, predictions, weights);
      checkFinite('label', labels);
      checkFinite('prediction', predictions);
      return meanPartial(labels.length, (i) => toError(labels[i] - predictions[i]), weights);
    },
    merge: mergeMeans,
    value: (partial) => finish(weightedMean(name, partial)),
  };
}
