// A table to train on, whatever its target, weights and features.

import { InputError } from '../base/errors.ts';
import { quote } from '../base/quote.ts';
import type { BinEdges, BinnedRows, Labels } from '../partition/rows.ts';
import { MAX_CATEGORIES, MAX_CLASSES, MAX_FEATURES } from './tree.ts';

/** Codes of one feature: bytes, or two bytes where more than 255 distinct values have their own code. */
export type Codes = Uint8Array | Uint16Array;

/** The code of a missing value in a column of bytes. */
export const MISSING_BYTE = 255;
/** The code of a missing value in a column of two bytes. */
export const MISSING_WIDE = 65_535;

/** Classes, or values. */
export type Target =
  /** Class of each row, and how many there are. */
  | { labels: Uint16Array; numClasses: number; values?: undefined }
  /** Finite. */
  | { values: Float64Array; labels?: undefined; numClasses?: undefined };

export interface TrainingTable {
  numRows: number;
  /** Codes of each feature, all of the same width, with `MISSING_BYTE` or `MISSING_WIDE` for a missing value. */
  columns: Codes[];
  /** Upper edges of the bins of each feature; none for a categorical one. */
  edges: BinEdges;
  /** Features whose codes are categories, 0 to 254; none when left out. */
  isCategorical?: readonly boolean[];
  target: Target;
  /** Of each row, finite and 0 or more, not all 0; all 1 when left out. */
  weights?: Float64Array;
}

/** Labels as a target. */
export function toTarget(labels: Labels, numClasses: number): Target {
  return labels instanceof Float64Array ? { values: labels } : { labels, numClasses };
}

/**
 * The table of rows as partitions hold them.
 *
 * @param numClasses 0 for values
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

/** Whether trees need flags: some value is missing, or some feature categorical. */
export function isFlagged(table: TrainingTable): boolean {
  return table.isCategorical?.includes(true) || hasMissing(table);
}

function hasMissing(table: TrainingTable): boolean {
  const missing = missingCode(table);
  return table.columns.some((column) => column.includes(missing));
}

/**
 * Check what growing relies on.
 *
 * @throws {InputError} on no rows or features, too many of them, or codes, labels, values or weights out of range
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

/** @throws {InputError} on another number of weights, a negative or infinite one or NaN, or all 0 */
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
  if (!(total > 0)) throw new InputError('sampleWeight must be above 0 for some row, all are 0');
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
