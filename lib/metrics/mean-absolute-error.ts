// Mean absolute error.

import { regressionMetric } from './regression-metric.ts';

/** Mean of |true − predicted|: scikit-learn's mean_absolute_error. */
export const meanAbsoluteError = regressionMetric('meanAbsoluteError', Math.abs);
