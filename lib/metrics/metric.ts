// The interface of a metric, and the checks that metrics share.

import { InputError } from '../base/errors.ts';

/**
 * A score of predictions, computed where the rows are: each partition gives a small partial, safe in JSON, and the
 * merged partials give the score. Sums are exact, so any partitioning gives the same partial and the same bits.
 *
 * Classes are integers ≥ 0; probabilities are row-major, shape [numRows, numClasses], as `predictProba` returns them.
 * Row weights are finite and ≥ 0 (scikit-learn's `sample_weight`); without them every row weighs 1.
 */
export interface Metric<Partial> {
  name: string;
  /** @throws {InputError} when lengths differ or a value is out of range; zero rows are allowed */
  partial(labels: ArrayLike<number>, predictions: ArrayLike<number>, weights?: ArrayLike<number>): Partial;
  merge(partials: readonly Partial[]): Partial;
  /** @throws {InputError} when the rows do not define the score: their weight is 0, or a required class is missing */
  value(partial: Partial): number;
}

/** Score the rows of a single partition. */
export function score<Partial>(
  metric: Metric<Partial>,
  labels: ArrayLike<number>,
  predictions: ArrayLike<number>,
  weights?: ArrayLike<number>,
): number {
  return metric.value(metric.partial(labels, predictions, weights));
}

/** Check that there is one prediction and one weight for each label, and that weights are finite and ≥ 0. */
export function checkRows(
  labels: ArrayLike<number>,
  predictions: ArrayLike<number>,
  weights?: ArrayLike<number>,
): void {
  if (labels.length !== predictions.length) {
    throw new InputError(
      `labels and predictions must have the same length, got ${labels.length} and ${predictions.length}`,
    );
  }
  if (!weights) return;
  if (labels.length !== weights.length) {
    throw new InputError(`labels and weights must have the same length, got ${labels.length} and ${weights.length}`);
  }
  for (let i = 0; i < weights.length; i++) {
    if (!(weights[i] >= 0 && weights[i] < Infinity)) {
      throw new InputError(`weight of row ${i} must be a finite number ≥ 0, got ${weights[i]}`);
    }
  }
}

/** @param numClasses exclusive upper bound, if known */
export function checkClasses(what: string, classes: ArrayLike<number>, numClasses = Infinity): void {
  for (let i = 0; i < classes.length; i++) {
    if (!(Number.isSafeInteger(classes[i]) && classes[i] >= 0 && classes[i] < numClasses)) {
      const allowed = numClasses === Infinity ? '≥ 0' : `from 0 to ${numClasses - 1}`;
      throw new InputError(`${what} of row ${i} must be an integer ${allowed}, got ${classes[i]}`);
    }
  }
}

export function checkFinite(what: string, values: ArrayLike<number>): void {
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i])) throw new InputError(`${what} of row ${i} must be finite, got ${values[i]}`);
  }
}

export function checkNumClasses(numClasses: number): void {
  if (!(Number.isSafeInteger(numClasses) && numClasses >= 2)) {
    throw new InputError(`numClasses must be an integer ≥ 2, got ${numClasses}`);
  }
}

const SUM_TOLERANCE = 1e-5; // like numpy.allclose: probabilities in single precision pass

/** Check that labels are in range and that the probabilities of each row add up to 1. */
export function checkProbabilities(
  labels: ArrayLike<number>,
  probabilities: ArrayLike<number>,
  numClasses: number,
): void {
  checkClasses('label', labels, numClasses);
  if (probabilities.length !== labels.length * numClasses) {
    throw new InputError(
      `probabilities must hold ${labels.length} rows of ${numClasses} classes, got ${probabilities.length} numbers`,
    );
  }
  for (let row = 0, at = 0; row < labels.length; row++) {
    let sum = 0;
    for (let k = 0; k < numClasses; k++, at++) {
      const probability = probabilities[at];
      if (!(probability >= 0 && probability <= 1)) {
        throw new InputError(`probability of row ${row}, class ${k} must be from 0 to 1, got ${probability}`);
      }
      sum += probability;
    }
    if (Math.abs(sum - 1) > SUM_TOLERANCE) {
      throw new InputError(`probabilities of row ${row} must add up to 1, got ${sum}`);
    }
  }
}
