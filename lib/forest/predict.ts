// Predicts class probabilities, classes and values.

import { checkColumns, type Forest } from './forest.ts';
import { predictRowsFromQueue } from './predict-rows.ts';
import { predictInKernel } from './wasm/predict-in-kernel.ts';

/**
 * Probability of each class: the mean over trees of the class fractions of the row's leaf, summed in tree order.
 *
 * @param columns values, one array per feature, as many and in the order of training; NaN where one is missing
 * @param out receives the probabilities, row-major, shape [numRows, numClasses]
 * @throws {RangeError} when the shape of columns or `out` is wrong
 */
export function predictProba(forest: Forest, columns: Float32Array[], out?: Float64Array): Float64Array {
  const { numClasses } = forest;
  const numRows = checkColumns(forest, columns);
  const result = out ?? new Float64Array(numRows * numClasses);
  if (result.length !== numRows * numClasses) {
    throw new RangeError(`out must hold ${numRows} rows of ${numClasses} classes, got ${result.length} numbers`);
  }
  if (!predictInKernel(forest, columns, result)) predictRows(forest, columns, result);
  return result;
}

/** Most probable class of each row; on a tie the lowest. */
export function predict(forest: Forest, columns: Float32Array[]): Uint16Array {
  const { numClasses } = forest;
  const probabilities = predictProba(forest, columns);
  const classes = new Uint16Array(probabilities.length / numClasses);
  for (let row = 0, at = 0; row < classes.length; row++, at += numClasses) {
    let best = 0;
    for (let k = 1; k < numClasses; k++) if (probabilities[at + k] > probabilities[at + best]) best = k;
    classes[row] = best;
  }
  return classes;
}

/**
 * Value of each row: the mean over trees of the row's leaf, summed in tree order.
 *
 * @throws {RangeError} when the shape of columns is wrong
 */
export function predictValues(forest: Forest, columns: Float32Array[]): Float64Array {
  const numRows = checkColumns(forest, columns);
  const result = new Float64Array(numRows);
  if (!predictInKernel(forest, columns, result)) predictRows(forest, columns, result);
  return result;
}

function predictRows(forest: Forest, columns: Float32Array[], out: Float64Array): void {
  predictRowsFromQueue({ kind: 'predict-rows', forest, columns, queue: new Int32Array(1), out });
}
