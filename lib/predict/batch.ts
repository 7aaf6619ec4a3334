// Predicts the rows of one part of a table.

import { InputError } from '../base/errors.ts';
import { quote } from '../base/quote.ts';
import { explainRows } from '../forest/explain.ts';
import type { Model } from '../forest/model.ts';
import { countOutOfRange } from '../forest/ranges.ts';
import { predictProbaInThreads, predictValuesInThreads } from '../forest/wasm/predict-in-threads.ts';
import { type Batch, type CellLocation, showLocation } from '../tables/cells.ts';
import { firstGreatest } from './answer.ts';
import { createReaders, isUnseen } from './features.ts';
import type { UnseenValues } from './unseen-values.ts';

/** The predictions of some rows. */
export interface PredictedRows {
  numRows: number;
  /** Class of each row; of a regressor none. */
  classIndexes?: Uint16Array;
  /** Row-major, shape [numRows, numClasses], or values, shape [numRows]. */
  predicted: Float64Array;
  /** Bias and contributions to the predicted class, or to the value, row-major, shape [numRows, 1 + numFeatures]. */
  contributions?: Float64Array;
}

const EXPLAINED_ROWS = 1024; // contributions of many classes take more than the rows

/**
 * Convert a table's rows to feature values of the model.
 *
 * @param features position of each feature among the columns, and the names of all columns
 * @param location location of the rows, for messages
 * @throws {InputError} naming file, row, column and value of the first cell that is not a value of its feature
 */
export function readValues(
  model: Model,
  { numRows, columns }: Batch,
  { positions, names }: { positions: readonly number[]; names: readonly string[] },
  location: CellLocation,
): { values: Float32Array[]; numUnseen: number } {
  let numUnseen = 0;
  const values = createReaders(model).map(({ read, allowed }, feature) => {
    const cells = columns[positions[feature]];
    const ofFeature = new Float32Array(numRows);
    for (let row = 0; row < numRows; row++) {
      const cell = cells.at(row);
      const value = read(cell);
      if (value === undefined) {
        const where = showLocation(location, row, names[positions[feature]]);
        throw new InputError(`${where}: must be ${allowed}, or empty where it is missing, got ${quote(cell)}`);
      }
      if (isUnseen(cell, value)) numUnseen++;
      ofFeature[row] = value;
    }
    return ofFeature;
  });
  return { values, numUnseen };
}

/** @param columns values, one array per feature */
export async function predictRows(
  model: Model,
  columns: Float32Array[],
  { explain = false, numThreads }: { explain?: boolean; numThreads?: number } = {},
): Promise<PredictedRows> {
  const { numClasses } = model;
  const numRows = columns[0].length;
  if (numClasses === 0) {
    const rows = { numRows, predicted: await predictValuesInThreads(model, columns, numThreads) };
    return explain ? { ...rows, contributions: explainClasses(model, columns) } : rows;
  }
  const predicted = await predictProbaInThreads(model, columns, numThreads);
  const classIndexes = Uint16Array.from({ length: numRows }, (_, row) =>
    firstGreatest(predicted.subarray(row * numClasses, (row + 1) * numClasses)),
  );
  const rows = { numRows, predicted, classIndexes };
  return explain ? { ...rows, contributions: explainClasses(model, columns, classIndexes) } : rows;
}

/** How many values are unlike those of training. */
export function countUnseen(model: Model, columns: readonly Float32Array[], numUnseen: number): UnseenValues {
  const { numValues, numOutside } = countOutOfRange(model.ranges ?? columns.map(() => null), columns);
  return { numValues, numOutside: model.ranges ? numOutside : null, numUnseen };
}

function explainClasses(model: Model, columns: readonly Float32Array[], classIndexes?: Uint16Array): Float64Array {
  const numRows = columns[0].length;
  const numFeatures = columns.length;
  const result = new Float64Array(numRows * (1 + numFeatures));
  for (let start = 0; start < numRows; start += EXPLAINED_ROWS) {
    const part = columns.map((column) => column.subarray(start, start + EXPLAINED_ROWS));
    const { width, bias, values } = explainRows(model, part);
    for (let i = 0; i < part[0].length; i++) {
      const k = classIndexes ? classIndexes[start + i] : 0;
      const at = (start + i) * (1 + numFeatures);
      result[at] = bias[k];
      for (let j = 0; j < numFeatures; j++) result[at + 1 + j] = values[(i * numFeatures + j) * width + k];
    }
  }
  return result;
}
