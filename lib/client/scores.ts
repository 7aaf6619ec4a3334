// Scores of predictions that a client has gathered. Each row counts once; the report of a run uses row weights if the
// data have them.

import { InputError } from '../base/errors.ts';
import { quote, quoteArgument } from '../base/quote.ts';
import type { ClassLabel } from '../forest/model.ts';
import { type Metric, score } from '../metrics/metric.ts';
import { r2 } from '../metrics/r2.ts';
import { meanAbsoluteError as absolute, rootMeanSquaredError as squared } from '../metrics/regression-metrics.ts';

/** The label of each row, or a promise of them such as `test.labels` and the result of `predict`. */
export type Labels = ArrayLike<ClassLabel> | PromiseLike<ArrayLike<ClassLabel>>;

/**
 * Share of the rows whose predicted label is the true one, in [0, 1]; scikit-learn: `accuracy_score`. Equals
 * the score in a run's report for its test rows.
 *
 * @param labels true labels
 * @throws {InputError} on no rows, or different numbers of labels and predictions
 * @example
 * ```ts
 * await accuracyScore(['cat', 'dog', 'dog', 'cat'], ['cat', 'dog', 'cat', 'cat']); // 0.75
 * ```
 */
export async function accuracyScore(labels: Labels, predictions: Labels): Promise<number> {
  const [truth, predicted] = await awaitBoth({ name: 'accuracy', minRows: 1 }, labels, predictions);
  let numRight = 0;
  for (let row = 0; row < truth.length; row++) if (truth[row] === predicted[row]) numRight++;
  return numRight / truth.length;
}

/**
 * R², the coefficient of determination: 1 for exact predictions, 0 for always predicting the mean, negative for worse;
 * scikit-learn: `r2_score`. Equals the score in a run's report for its test rows.
 *
 * @param labels true values
 * @throws {InputError} on fewer than two rows, different numbers of labels and predictions, or a value that is not finite
 * @example
 * ```ts
 * await r2Score([3, -0.5, 2, 7], [2.5, 0, 2, 8]); // 0.9486
 * ```
 */
export function r2Score(labels: Labels, predictions: Labels): Promise<number> {
  return scoreValues(r2, { name: 'R²', minRows: 2 }, labels, predictions);
}

/**
 * Root of the mean of the squared errors, in the unit of the values; scikit-learn: `root_mean_squared_error`. Equals the
 * score in a run's report for its test rows.
 *
 * @param labels true values
 * @throws {InputError} on no rows, different numbers of labels and predictions, or a value that is not finite
 */
export function rootMeanSquaredError(labels: Labels, predictions: Labels): Promise<number> {
  return scoreValues(squared, { name: 'the root mean squared error', minRows: 1 }, labels, predictions);
}

/**
 * Mean of the absolute errors, in the unit of the values; scikit-learn: `mean_absolute_error`. Equals the
 * score in a run's report for its test rows.
 *
 * @param labels true values
 * @throws {InputError} on no rows, different numbers of labels and predictions, or a value that is not finite
 */
export function meanAbsoluteError(labels: Labels, predictions: Labels): Promise<number> {
  return scoreValues(absolute, { name: 'the mean absolute error', minRows: 1 }, labels, predictions);
}

/** A score's name in messages, and the number of rows it needs. */
interface Needs {
  name: string;
  minRows: number;
}

async function scoreValues<P>(metric: Metric<P>, needs: Needs, labels: Labels, predictions: Labels) {
  const [truth, predicted] = await awaitBoth(needs, labels, predictions);
  return score(metric, checkNumbers(needs.name, truth), checkNumbers(needs.name, predicted));
}

/** Labels and predictions, of equal and sufficient length. */
async function awaitBoth({ name, minRows }: Needs, labels: Labels, predictions: Labels) {
  const both = await Promise.all([labels, predictions]);
  const [truth, predicted] = both;
  for (const list of both) {
    if (typeof list?.length === 'number' && typeof list !== 'string') continue;
    throw new InputError(`${name} takes a list of labels and a list of predictions, got ${quoteArgument(list)}`);
  }
  if (truth.length !== predicted.length) {
    throw new InputError(`${name} needs one prediction per label, got ${predicted.length} for ${truth.length}`);
  }
  if (truth.length < minRows) {
    throw new InputError(`${name} needs at least ${minRows} ${minRows === 1 ? 'row' : 'rows'}, got ${truth.length}`);
  }
  return both;
}

function checkNumbers(name: string, values: ArrayLike<ClassLabel>): ArrayLike<number> {
  for (let row = 0; row < values.length; row++) {
    if (!Number.isFinite(values[row])) {
      throw new InputError(`${name} needs finite numbers, got ${quote(values[row])} in row ${row}`);
    }
  }
  return values as ArrayLike<number>;
}
