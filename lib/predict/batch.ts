// Predicts all rows of a source, block by block.

import { InputError } from '../errors.ts';
import { explainRows } from '../forest/explain.ts';
import type { Model } from '../forest/model.ts';
import { countOutOfRange } from '../forest/ranges.ts';
import { MAX_CATEGORIES } from '../forest/tree.ts';
import { predictProbaInThreads, predictValuesInThreads } from '../forest/wasm/predict-in-threads.ts';
import { firstGreatest } from './answer.ts';
import { featureNames } from './json-rows.ts';
import type { RowSource } from './row-source.ts';

/** What is told of a block of rows. */
export interface PredictedBlock {
  rowStart: number;
  numRows: number;
  /** Class of each row; of a regressor none. */
  classIndexes?: Uint16Array;
  /** Row-major, shape [numRows, numClasses], or values, shape [numRows]. */
  predicted: Float64Array;
  /** Bias and contributions to the predicted class, or to the value, row-major, shape [numRows, 1 + numFeatures]. */
  contributions?: Float64Array;
}

export interface BatchResult {
  numRows: number;
  /** Share of the known values that lie outside of what the model's data had; null where it doesn't say. */
  outOfRangeShare: number | null;
}

const EXPLAINED_ROWS = 1024; // contributions of many classes take more than the rows

/**
 * @param write takes each block, in order
 * @throws {InputError} when the source lacks features, or holds what can't be predicted
 */
export async function predictBatch(
  model: Model,
  source: RowSource,
  { explain = false, numThreads }: { explain?: boolean; numThreads?: number },
  write: (block: PredictedBlock) => Promise<void>,
): Promise<BatchResult> {
  const wanted = matchColumns(model, source);
  let numRows = 0;
  let numValues = 0;
  let numOutside = 0;
  for await (const { rowStart, columns } of source.blocks(wanted)) {
    checkCategories(model, source.name, rowStart, columns);
    await write(await predictBlock(model, rowStart, columns, explain, numThreads));
    numRows = rowStart + columns[0].length;
    if (!model.ranges) continue;
    const counted = countOutOfRange(model.ranges, columns);
    numValues += counted.numValues;
    numOutside += counted.numOutside;
  }
  if (numRows === 0) throw new InputError(`${source.name} has no rows`);
  return { numRows, outOfRangeShare: model.ranges ? numOutside / Math.max(1, numValues) : null };
}

/** Positions of the features in the source: by name, or by place where it has as many columns and other names. */
function matchColumns(model: Model, { name, columnNames }: RowSource): number[] {
  const names = featureNames(model);
  const positions = names.map((feature) => columnNames.indexOf(feature));
  if (!positions.includes(-1)) return positions;
  if (positions.every((at) => at < 0) && columnNames.length === names.length) return names.map((_, j) => j);
  const missing = names.filter((_, j) => positions[j] < 0);
  throw new InputError(
    `${name} has no column ${missing.slice(0, 5).join(', ')}${missing.length > 5 ? `, and ${missing.length - 5} more` : ''}; ` +
      `it must have ${names[0]} to ${names.at(-1)}, or ${names.length} columns in their order, got ${columnNames.length}`,
  );
}

function checkCategories(model: Model, name: string, rowStart: number, columns: readonly Float32Array[]): void {
  for (const [j, column] of columns.entries()) {
    if (!model.isCategorical[j]) continue;
    const row = column.findIndex(
      (value) => !Number.isNaN(value) && !(Number.isInteger(value) && value >= 0 && value < MAX_CATEGORIES),
    );
    if (row >= 0) {
      throw new InputError(
        `${name}, row ${rowStart + row}: f${j} must be a category, a whole number from 0 to ${MAX_CATEGORIES - 1}, got ${column[row]}`,
      );
    }
  }
}

async function predictBlock(
  model: Model,
  rowStart: number,
  columns: Float32Array[],
  explain: boolean,
  numThreads: number | undefined,
): Promise<PredictedBlock> {
  const { numClasses } = model;
  const numRows = columns[0].length;
  const predicted =
    numClasses > 0
      ? await predictProbaInThreads(model, columns, numThreads)
      : await predictValuesInThreads(model, columns, numThreads);
  const classIndexes =
    numClasses > 0
      ? Uint16Array.from({ length: numRows }, (_, row) =>
          firstGreatest(predicted.subarray(row * numClasses, (row + 1) * numClasses)),
        )
      : undefined;
  const block = { rowStart, numRows, predicted, ...(classIndexes && { classIndexes }) };
  return explain ? { ...block, contributions: explainClasses(model, columns, classIndexes) } : block;
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
