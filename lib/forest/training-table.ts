// The training table of all trainers: target, weights and coded features.

import { InputError } from '../base/errors.ts';
import { quote } from '../base/quote.ts';
import type { BinEdges, BinnedRows, Labels } from '../partition/rows.ts';
import { MAX_CATEGORIES, MAX_CLASSES, MAX_FEATURES } from './tree.ts';

/** Codes of one feature: bytes, or two bytes where more than 255 distinct values have their own code. */
export type Codes = Uint8Array | Uint16Array;

/** Code of a missing value in a column of bytes. */
export const MISSING_BYTE = 255;
/** Code of a missing value in a column of two bytes. */
export const MISSING_WIDE = 65_535;

/** The target: classes, or values for regression. */
export type Target =
  /** Class of each row, and the number of classes. */
  | { labels: Uint16Array; numClasses: number; values?: undefined }
  /** Value of each row, finite. */
  | { values: Float64Array; labels?: undefined; numClasses?: undefined };

export interface TrainingTable {
  numRows: number;
  /** Codes of each feature, all of the same width, with `MISSING_BYTE` or `MISSING_WIDE` for a missing value. */
  columns: Codes[];
  /** Upper edges of the bins of each feature; empty for a categorical one. */
  edges: BinEdges;
  /** Flags of the categorical features, whose codes are 0 to 254; by default none is categorical. */
  isCategorical?: readonly boolean[];
  target: Target;
  /** Weight of each row, finite and ≥ 0, not all 0; by default all 1. */
  weights?: Float64Array;
}

/** Make a target from labels. */
export function toTarget(labels: Labels, numClasses: number): Target {
  return labels instanceof Float64Array ? { values: labels } : { labels, numClasses };
}

/**
 * Make a table from the rows of partitions.
 *
 * @param numClasses 0 for regression
 */
export function tableOfRows(
  { numRows, columns, labels, weights }: BinnedRows,
  edges: BinEdges,
  numClasses: number,
  isCategorical?: readonly boolean[],
): TrainingTable {
  return { numRows, columns, edges, isCategorical, target: toTarget(labels, numClasses), ...(weights && { weights }) };
}

export function isWide({ columns }: TrainingTable): boolean {
  return columns[0] instanceof Uint16Array;
}

export function missingCode(table: TrainingTable): number {
  return isWide(table) ? MISSING_WIDE : MISSING_BYTE;
}

/** Whether trees need flags: a value is missing, or a feature is categorical. */
export function isFlagged(table: TrainingTable): boolean {
  return table.isCategorical?.includes(true) || hasMissing(table);
}

function hasMissing(table: TrainingTable): boolean {
  const missing = missingCode(table);
  return table.columns.some((column) => column.includes(missing));
}

/**
 * Check a table before growing.
 *
 * @throws {InputError} when there are no rows or features, too many of them, or codes, labels, values or weights are out of range
 */
export function checkTable(table: TrainingTable): void {
  const { numRows, columns, edges, isCategorical, target, weights } = table;
  checkRange('training rows', numRows, 2 ** 31 - 1);
  checkRange('features', columns.length, MAX_FEATURES);
  if (edges.length !== columns.length) {
    throw new InputError(
      `training rows must have a column for each of ${edges.length} features, got ${columns.length}`,
    );
  }
  const missing = missingCode(table);
  for (const [feature, column] of columns.entries()) {
    if (column.length !== numRows)
      throw new InputError(`feature ${feature}: ${column.length} codes for ${numRows} rows`);
    const lastCode = isCategorical?.[feature] ? MAX_CATEGORIES - 1 : edges[feature].length;
    for (let row = 0; row < numRows; row++) {
      if (column[row] > lastCode && column[row] !== missing) {
        throw new InputError(`feature ${feature}: code must be from 0 to ${lastCode}, got ${column[row]}`);
      }
    }
  }
  if (target.labels) checkLabels(target.labels, target.numClasses, numRows);
  else if (target.values.length !== numRows || !target.values.every(Number.isFinite)) {
    throw new InputError(`target must be ${numRows} finite values`);
  }
  if (weights) checkWeights(weights, numRows);
}

/** @throws {InputError} when the number of weights is wrong, a weight is negative, infinite or NaN, or all are 0 */
export function checkWeights(weights: ArrayLike<number>, numRows: number): void {
  if (weights.length !== numRows)
    throw new InputError(`sampleWeight must have ${numRows} numbers, got ${weights.length}`);
  let total = 0;
  for (let row = 0; row < numRows; row++) {
    const weight = weights[row];
    if (!(typeof weight === 'number' && weight >= 0 && weight < Number.POSITIVE_INFINITY)) {
      throw new InputError(`sampleWeight of row ${row} must be a number ≥ 0, got ${quote(weight)}`);
    }
    total += weight;
  }
  if (!(total > 0)) throw new InputError('sampleWeight must be above 0 for at least one row, all are 0');
  if (total === Number.POSITIVE_INFINITY) throw new InputError('sampleWeight must have a finite sum');
}

function checkLabels(labels: Uint16Array, numClasses: number, numRows: number): void {
  checkRange('classes', numClasses, MAX_CLASSES);
  if (labels.length !== numRows) throw new InputError(`${labels.length} labels for ${numRows} rows`);
  for (let row = 0; row < numRows; row++) {
    if (labels[row] >= numClasses) {
      throw new InputError(`row ${row}: label must be from 0 to ${numClasses - 1}, got ${labels[row]}`);
    }
  }
}

function checkRange(what: string, count: number, max: number): void {
  if (!Number.isInteger(count) || count < 1 || count > max) {
    throw new InputError(`number of ${what} must be from 1 to ${max}, got ${count}`);
  }
}
