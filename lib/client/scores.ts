// Scores of predictions that a client has gathered. Each row counts once; the report of a run weighs its rows where the
// data have weights.

import { InputError } from '../base/errors.ts';
import { quote, quoteArgument } from '../base/quote.ts';
import type { ClassLabel } from '../forest/model.ts';
import { type Metric, score } from '../metrics/metric.ts';
import { r2 } from '../metrics/r2.ts';
import { meanAbsoluteError as absolute, rootMeanSquaredError as squared } from '../metrics/regression-metrics.ts';

/** Of each row, or a promise of them such as `test.labels` and what `predict` gives. */
export type Labels = ArrayLike<ClassLabel> | PromiseLike<ArrayLike<ClassLabel>>;

/**
 * Share of the rows whose predicted label is the true one, in [0, 1]; scikit-learn: `accuracy_score`. Of a run's test rows
 * the number that is in its report.
 *
 * @param labels true labels
 * @throws {InputError} on no rows, or another number of labels than of predictions
 * @example
 * ```ts
 * await accuracyScore(['cat', 'dog', 'dog', 'cat'], ['cat', 'dog', 'cat', 'cat']); // 0.75
 * ```
 */
export async function accuracyScore(labels: Labels, predictions: Labels): Promise<number> {
  const [truth, predicted] = await pair('accuracy', 1, labels, predictions);
  let numRight = 0;
  for (let row = 0; row < truth.length; row++) if (truth[row] === predicted[row]) numRight++;
  return numRight / truth.length;
}

/**
 * R², the coefficient of determination: 1 for exact predictions, 0 for those of the mean, below it for worse;
 * scikit-learn: `r2_score`. Of a run's test rows the number that is in its report.
 *
 * @param labels true values
 * @throws {InputError} on fewer than two rows, another number of labels than of predictions, or a value that is not a finite number
 * @example
 * ```ts
 * await r2Score([3, -0.5, 2, 7], [2.5, 0, 2, 8]); // 0.9486
 * ```
 */
export function r2Score(labels: Labels, predictions: Labels): Promise<number> {
  return scoreValues(r2, 'R²', 2, labels, predictions);
}

/**
 * Root of the mean of the squared errors, in the unit of the values; scikit-learn: `root_mean_squared_error`. Of a run's
 * test rows the number that is in its report.
 *
 * @param labels true values
 * @throws {InputError} on no rows, another number of labels than of predictions, or a value that is not a finite number
 */
export function rootMeanSquaredError(labels: Labels, predictions: Labels): Promise<number> {
  return scoreValues(squared, 'the root mean squared error', 1, labels, predictions);
}

/**
 * Mean of the absolute errors, in the unit of the values; scikit-learn: `mean_absolute_error`. Of a run's test rows the
 * number that is in its report.
 *
 * @param labels true values
 * @throws {InputError} on no rows, another number of labels than of predictions, or a value that is not a finite number
 */
export function meanAbsoluteError(labels: Labels, predictions: Labels): Promise<number> {
  return scoreValues(absolute, 'the mean absolute error', 1, labels, predictions);
}

async function scoreValues<P>(metric: Metric<P>, what: string, least: number, labels: Labels, predictions: Labels) {
  const [truth, predicted] = await pair(what, least, labels, predictions);
  return score(metric, checkNumbers(what, truth), checkNumbers(what, predicted));
}

/** Both, when they are as many, and enough. */
async function pair(what: string, least: number, labels: Labels, predictions: Labels) {
  const both = await Promise.all([labels, predictions]);
  const [truth, predicted] = both;
  for (const list of both) {
    if (typeof list?.length === 'number' && typeof list !== 'string') continue;
    throw new InputError(`${what} takes a list of labels and one of predictions, got ${quoteArgument(list)}`);
  }
  if (truth.length !== predicted.length) {
    throw new InputError(`${what} needs a prediction for each label, got ${predicted.length} for ${truth.length}`);
  }
  if (truth.length < least) {
    throw new InputError(`${what} needs at least ${least} ${least === 1 ? 'row' : 'rows'}, got ${truth.length}`);
  }
  return both;
}

function checkNumbers(what: string, values: ArrayLike<ClassLabel>): ArrayLike<number> {
  for (let row = 0; row < values.length; row++) {
    if (!Number.isFinite(values[row])) {
      throw new InputError(`${what} is of finite numbers, got ${quote(values[row])} in row ${row}`);
    }
  }
  return values as ArrayLike<number>;
}
