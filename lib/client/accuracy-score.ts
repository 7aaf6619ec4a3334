// Accuracy of predictions that a client has gathered.

import { InputError } from '../errors.ts';
import type { ClassLabel } from '../forest/model.ts';

/**
 * Share of the rows whose predicted label is the true one, in [0, 1]; scikit-learn: `accuracy_score`. Of a run's test rows
 * the number that is in its report.
 *
 * @param labels true labels, or a promise of them such as `test.labels`
 * @throws {InputError} on no rows, or another number of labels than of predictions
 * @example
 * ```ts
 * await accuracyScore(['cat', 'dog', 'dog', 'cat'], ['cat', 'dog', 'cat', 'cat']); // 0.75
 * ```
 */
export async function accuracyScore(
  labels: ArrayLike<ClassLabel> | PromiseLike<ArrayLike<ClassLabel>>,
  predictions: ArrayLike<ClassLabel> | PromiseLike<ArrayLike<ClassLabel>>,
): Promise<number> {
  const [truth, predicted] = await Promise.all([labels, predictions]);
  if (truth.length !== predicted.length || truth.length === 0) {
    throw new InputError(`accuracy needs a prediction for each label, got ${predicted.length} for ${truth.length}`);
  }
  let numRight = 0;
  for (let row = 0; row < truth.length; row++) if (truth[row] === predicted[row]) numRight++;
  return numRight / truth.length;
}
