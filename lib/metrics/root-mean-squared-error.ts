// Root mean squared error.

import { regressionMetric } from './regression-metric.ts';

/** Root of the mean of (true − predicted)²: scikit-learn's root_mean_squared_error. */
export const rootMeanSquaredError = regressionMetric(
  'rootMeanSquaredError',
  (difference) => difference * difference,
  Math.sqrt,
);
