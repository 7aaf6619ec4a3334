// Packs training rows: the codes of a row are adjacent, so that they share a cache line.

import { InputError } from '../base/errors.ts';
import type { BinEdges, ClassRows } from '../partition/rows.ts';
import { MAX_CLASSES, MAX_FEATURES } from './tree.ts';

/** Classes, bin edges and kinds of the training columns. */
export interface TrainingInfo {
  /** From 1 to 65,535; 0 for regression. */
  numClasses: number;
  /** Upper edges of the bins of each feature; from 1 to 65,535 features. */
  edges: BinEdges;
  /** Flags of the categorical features; by default none is categorical. */
  isCategorical?: readonly boolean[];
}

export interface PackedRows {
  numRows: number;
  numFeatures: number;
  numClasses: number;
  /** Bytes from one row to the next: a power of two up to 32, or a multiple of 32. */
  stride: number;
  /** Code of row r and feature f at r * stride + f. */
  codes: Uint8Array;
  /** Class of each row. */
  labels: Uint16Array;
  /** Bins of each feature, from 1 to 255. */
  numBins: Uint16Array;
}

const BLOCK_ROWS = 1024; // packed as one block, so that each cache line is written once
const LINE_BYTES = 32; // rows never straddle a cache line of 64
const MAX_BYTES = 2 ** 31 - 1; // positions in `codes` are 32-bit integers

/**
 * Check the rows before training.
 *
 * @throws {InputError} when there are no rows or too many, or codes or labels are out of range
 */
function checkRows({ numRows, labels, columns }: ClassRows, { numClasses, edges }: TrainingInfo): void {
  const numFeatures = edges.length;
  checkRange('features', numFeatures, MAX_FEATURES);
  checkRange('classes', numClasses, MAX_CLASSES);
  checkRange('training rows', numRows, MAX_BYTES);
  if (columns.length !== numFeatures) {
    throw new InputError(`training rows must have a column for each of ${numFeatures} features, got ${columns.length}`);
  }
  for (const [feature, column] of columns.entries()) {
    const maxCode = findMax(column);
    if (maxCode > edges[feature].length) {
      throw new InputError(`feature ${feature}: bin code must be from 0 to ${edges[feature].length}, got ${maxCode}`);
    }
  }
  for (let row = 0; row < numRows; row++) {
    if (labels[row] >= numClasses) {
      throw new InputError(`row ${row}: label must be from 0 to ${numClasses - 1}, got ${labels[row]}`);
    }
  }
}

function findMax(column: Uint8Array): number {
  let max = 0;
  for (let row = 0; row < column.length; row++) if (column[row] > max) max = column[row];
  return max;
}

/**
 * Pack rows for training.
 *
 * @throws {InputError} as `checkRows`
 */
export function packRows(rows: ClassRows, info: TrainingInfo): PackedRows {
  checkRows(rows, info);
  const { numRows, labels, columns } = rows;
  const { numClasses, edges } = info;
  const numFeatures = edges.length;
  const stride = rowStride(numFeatures);
  checkRange('training rows', numRows, Math.floor(MAX_BYTES / stride));
  const codes = new Uint8Array(numRows * stride);
  for (let start = 0; start < numRows; start += BLOCK_ROWS) {
    const end = Math.min(start + BLOCK_ROWS, numRows);
    for (const [feature, column] of columns.entries()) packColumn(codes, { column, feature, stride }, start, end);
  }
  return { numRows, numFeatures, numClasses, stride, codes, labels, numBins: countBins(edges) };
}

/** Bins of each feature. */
export function countBins(edges: BinEdges): Uint16Array {
  return Uint16Array.from(edges, (featureEdges) => featureEdges.length + 1);
}

/** Write rows [start, end) of a column. */
function packColumn(
  codes: Uint8Array,
  { column, feature, stride }: { column: Uint8Array; feature: number; stride: number },
  start: number,
  end: number,
): void {
  for (let row = start, at = start * stride + feature; row < end; row++, at += stride) codes[at] = column[row];
}

/** Bytes from one row to the next: a power of two up to 32, or a multiple of 32. */
export function rowStride(numFeatures: number): number {
  if (numFeatures > LINE_BYTES) return Math.ceil(numFeatures / LINE_BYTES) * LINE_BYTES;
  return 2 ** Math.ceil(Math.log2(numFeatures));
}

function checkRange(what: string, count: number, max: number): void {
  if (!Number.isInteger(count) || count < 1 || count > max) {
    throw new InputError(`number of ${what} must be from 1 to ${max}, got ${count}`);
  }
}
