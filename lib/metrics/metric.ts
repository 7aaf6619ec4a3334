// What a metric is, and the checks that all of them share.

/**
 * A score of predictions that is computed where the rows are: each partition gives a small partial, safe in JSON, and
 * the merged partials have the score. Sums are exact, so any partitioning gives the same partial and the same bits.
 *
 * Classes are whole numbers from 0; probabilities are row-major, shape [numRows, numClasses], as `predictProba` gives.
 * Row weights are finite and not negative (scikit-learn's `sample_weight`); without them every row weighs 1.
 */
export interface Metric<Partial> {
  name: string;
  /** @throws {RangeError} when an input has another length or a value out of range; no rows are fine */
  partial(labels: ArrayLike<number>, predictions: ArrayLike<number>, weights?: ArrayLike<number>): Partial;
  merge(partials: readonly Partial[]): Partial;
  /** @throws {RangeError} when the rows do not define the score: no weight at all, or a class that is needed is missing */
  value(partial: Partial): number;
}

/** The score of rows that are all here. */
export function score<Partial>(
  metric: Metric<Partial>,
  labels: ArrayLike<number>,
  predictions: ArrayLike<number>,
  weights?: ArrayLike<number>,
): number {
  return metric.value(metric.partial(labels, predictions, weights));
}

/** One prediction and one weight for each label, and weights in range. */
export function checkRows(
  labels: ArrayLike<number>,
  predictions: ArrayLike<number>,
  weights?: ArrayLike<number>,
): void {
  if (labels.length !== predictions.length) {
    throw new RangeError(`labels and predictions must be equally many, got ${labels.length} and ${predictions.length}`);
  }
  if (!weights) return;
  if (labels.length !== weights.length) {
    throw new RangeError(`labels and weights must be equally many, got ${labels.length} and ${weights.length}`);
  }
  for (let i = 0; i < weights.length; i++) {
    if (!(weights[i] >= 0 && weights[i] < Infinity)) {
      throw new RangeError(`weight of row ${i} must be a finite number from 0 up, got ${weights[i]}`);
    }
  }
}

/** @param numClasses exclusive bound, where it is known */
export function checkClasses(what: string, classes: ArrayLike<number>, numClasses = Infinity): void {
  for (let i = 0; i < classes.length; i++) {
    if (!(Number.isSafeInteger(classes[i]) && classes[i] >= 0 && classes[i] < numClasses)) {
      const allowed = numClasses === Infinity ? 'from 0 up' : `from 0 to ${numClasses - 1}`;
      throw new RangeError(`${what} of row ${i} must be a whole number ${allowed}, got ${classes[i]}`);
    }
  }
}

export function checkFinite(what: string, values: ArrayLike<number>): void {
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i])) throw new RangeError(`${what} of row ${i} must be finite, got ${values[i]}`);
  }
}

export function checkNumClasses(numClasses: number): void {
  if (!(Number.isSafeInteger(numClasses) && numClasses >= 2)) {
    throw new RangeError(`numClasses must be a whole number from 2 up, got ${numClasses}`);
  }
}

const SUM_TOLERANCE = 1e-5; // as numpy.allclose, so probabilities in single precision pass

/** Labels in range, and a distribution over the classes for each. */
export function checkProbabilities(
  labels: ArrayLike<number>,
  probabilities: ArrayLike<number>,
  numClasses: number,
): void {
  checkClasses('label', labels, numClasses);
  if (probabilities.length !== labels.length * numClasses) {
    throw new RangeError(
      `probabilities must hold ${labels.length} rows of ${numClasses} classes, got ${probabilities.length} numbers`,
    );
  }
  for (let row = 0, at = 0; row < labels.length; row++) {
    let sum = 0;
    for (let k = 0; k < numClasses; k++, at++) {
      const probability = probabilities[at];
      if (!(probability >= 0 && probability <= 1)) {
        throw new RangeError(`probability of row ${row}, class ${k} must be from 0 to 1, got ${probability}`);
      }
      sum += probability;
    }
    if (Math.abs(sum - 1) > SUM_TOLERANCE) {
      throw new RangeError(`probabilities of row ${row} must add up to 1, got ${sum}`);
    }
  }
}
