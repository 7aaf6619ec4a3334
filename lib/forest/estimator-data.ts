// Checks the rows and targets of a caller and converts them for training.

import { InputError } from '../base/errors.ts';
import { quote, quoteArgument } from '../base/quote.ts';
import { quantileEdges } from './bins.ts';
import type { ParsedOptions } from './estimator-options.ts';
import type { ClassLabel } from './model.ts';
import { checkWeights, MISSING_BYTE, MISSING_WIDE, type Target, type TrainingTable } from './training-table.ts';
import { MAX_CLASSES } from './tree.ts';
import { encodeFeature } from './walk.ts';

/** One array per feature, or all values row by row. NaN is a missing value. */
export type Rows = readonly Float32Array[] | { values: ArrayLike<number>; numFeatures: number };

export interface FitOptions {
  /** Weight of each row, ≥ 0; scikit-learn: `sample_weight`. */
  sampleWeight?: ArrayLike<number>;
  /** Indices of the features whose values are categories: integers from 0 to 254. */
  categorical?: readonly number[];
}

const MAX_EXACT_VALUES = 65_535; // a code takes two bytes, and one code stands for a missing value
const MAX_BYTE_EDGES = 254;

/**
 * Convert rows to one column per feature.
 *
 * @throws {InputError} on no features, columns of different lengths, or an infinite value
 */
export function toColumns(rows: Rows): Float32Array[] {
  if (!Array.isArray(rows) && typeof (rows as RowMajor | undefined)?.values?.length !== 'number') {
    throw new InputError(
      `rows must be a Float32Array for each feature, or { values, numFeatures }, got ${quoteArgument(rows)}`,
    );
  }
  const columns = Array.isArray(rows) ? [...(rows as readonly Float32Array[])] : splitRows(rows as RowMajor);
  if (columns.length === 0) throw new InputError('rows must have at least one feature, got none');
  for (const [feature, column] of columns.entries()) {
    if (!(column instanceof Float32Array)) {
      throw new InputError(
        `feature ${feature} must be a Float32Array, got ${quote(column)}; for a list of rows, pass { values: rows.flat(), numFeatures }`,
      );
    }
    if (column.length !== columns[0].length) {
      throw new InputError(`feature ${feature} has ${column.length} values, feature 0 has ${columns[0].length}`);
    }
    const row = column.findIndex((value) => value === Number.POSITIVE_INFINITY || value === Number.NEGATIVE_INFINITY);
    if (row >= 0) throw new InputError(`feature ${feature} of row ${row} must be finite or NaN, got ${column[row]}`);
  }
  return columns;
}

type RowMajor = Extract<Rows, { numFeatures: number }>;

function splitRows({ values, numFeatures }: RowMajor): Float32Array[] {
  if (!Number.isInteger(numFeatures) || numFeatures < 1 || values.length % numFeatures !== 0) {
    throw new InputError(`${values.length} values cannot be divided into rows of ${quote(numFeatures)} features`);
  }
  for (let i = 0; i < values.length; i++) {
    if (typeof values[i] === 'number') continue;
    const [row, feature] = [Math.floor(i / numFeatures), i % numFeatures];
    throw new InputError(`feature ${feature} of row ${row} must be a number, got ${quote(values[i])}`);
  }
  const numRows = values.length / numFeatures;
  return Array.from({ length: numFeatures }, (_, feature) =>
    Float32Array.from({ length: numRows }, (_, row) => values[row * numFeatures + feature]),
  );
}

/**
 * Classes of the labels: numbers ascending, strings by code units, false before true; scikit-learn: `classes_`.
 *
 * @throws {InputError} on a label that is missing, NaN, or of a different type than the first
 */
export function findClasses(labels: ArrayLike<unknown>): ClassLabel[] {
  const type = typeof labels[0];
  for (let row = 0; row < labels.length; row++) checkLabel(labels[row], type, row);
  const classes = [...new Set(Array.from(labels as ArrayLike<ClassLabel>))];
  if (classes.length > MAX_CLASSES) throw new InputError(`at most ${MAX_CLASSES} classes, got ${classes.length}`);
  return classes.sort((a, b) => (a < b ? -1 : 1));
}

/** @throws {InputError} when the number of labels and rows differ, or a label is not one of the classes */
export function encodeLabels(labels: ArrayLike<unknown>, classes: readonly ClassLabel[], numRows: number): Uint16Array {
  if (labels.length !== numRows) throw new InputError(`${labels.length} labels for ${numRows} rows`);
  const indexOf = new Map<unknown, number>(classes.map((label, k) => [label, k]));
  return Uint16Array.from({ length: numRows }, (_, row) => {
    const k = indexOf.get(labels[row]);
    if (k === undefined)
      throw new InputError(
        `label of row ${row} must be one of the classes seen in training, got ${String(labels[row])}`,
      );
    return k;
  });
}

function checkLabel(label: unknown, type: string, row: number): void {
  const isKind = ['string', 'number', 'boolean'].includes(typeof label);
  if (!isKind || (typeof label === 'number' && !Number.isFinite(label))) {
    throw new InputError(`label of row ${row} must be a string, a finite number or true or false, got ${label}`);
  }
  if (typeof label !== type)
    throw new InputError(`label of row ${row} must be a ${type} like the first label, got ${label}`);
}

/** Sums of squares stay finite for any rows and weights that fit in memory. */
const MAX_VALUE = 1e140;

/** @throws {InputError} when the number of values and rows differ, or a value is not finite or beyond ±1e140 */
export function checkValues(values: ArrayLike<number>, numRows: number): Float64Array {
  if (values.length !== numRows) throw new InputError(`${values.length} values for ${numRows} rows`);
  for (let row = 0; row < numRows; row++) {
    if (!(Math.abs(values[row]) <= MAX_VALUE) || typeof values[row] !== 'number') {
      throw new InputError(
        `value of row ${row} must be a number from -${MAX_VALUE} to ${MAX_VALUE}, got ${quote(values[row])}`,
      );
    }
  }
  return Float64Array.from(values);
}

/** Flags of the features that are categorical, shape [numFeatures]. */
export function toCategorical(features: readonly number[], numFeatures: number): boolean[] {
  const isCategorical = new Array<boolean>(numFeatures).fill(false);
  for (const feature of features) {
    if (!Number.isInteger(feature) || feature < 0 || feature >= numFeatures) {
      throw new InputError(`categorical features must be integers from 0 to ${numFeatures - 1}, got ${feature}`);
    }
    isCategorical[feature] = true;
  }
  return isCategorical;
}

/**
 * Compute the bin edges of each feature.
 *
 * @throws {InputError} when `exact` meets too many distinct values
 */
export function findEdges(
  columns: readonly Float32Array[],
  isCategorical: readonly boolean[],
  { maxBins, exact }: Pick<ParsedOptions, 'maxBins' | 'exact'>,
): Float32Array[] {
  return columns.map((column, feature) => {
    if (isCategorical[feature]) return new Float32Array(0);
    const known = column.filter((value) => !Number.isNaN(value));
    const numDistinct = exact ? new Set(known).size : 0;
    if (numDistinct > MAX_EXACT_VALUES) {
      const limit = `exact takes up to ${MAX_EXACT_VALUES}: leave it out`;
      throw new InputError(`feature ${feature} has ${numDistinct} distinct values, ${limit}`);
    }
    return quantileEdges(known, exact ? MAX_EXACT_VALUES : maxBins);
  });
}

/** Encode columns for training, with the bins of `edges`. */
export function toTable(
  columns: readonly Float32Array[],
  { edges, isCategorical }: { edges: Float32Array[]; isCategorical: readonly boolean[] },
  target: Target,
  sampleWeight?: ArrayLike<number>,
): TrainingTable {
  const numRows = columns[0].length;
  if (numRows === 0) throw new InputError('rows must be at least 1, got 0');
  if (sampleWeight) checkWeights(sampleWeight, numRows);
  const isWide = edges.some(({ length }) => length > MAX_BYTE_EDGES);
  return {
    numRows,
    columns: columns.map((column, feature) => {
      const codes = isWide ? new Uint16Array(numRows) : new Uint8Array(numRows);
      const bins = { feature, edges: edges[feature], isCategorical: isCategorical[feature] };
      encodeFeature(column, bins, codes, isWide ? MISSING_WIDE : MISSING_BYTE);
      return codes;
    }),
    edges,
    isCategorical,
    target,
    ...(sampleWeight && { weights: Float64Array.from(sampleWeight) }),
  };
}
