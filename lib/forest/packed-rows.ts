// Training rows as the kernel reads them: the codes of a row side by side, so that they share a cache line.

import { InputError } from '../errors.ts';
import type { BinEdges, BinnedRows } from '../partition/rows.ts';
import { MAX_CLASSES, MAX_FEATURES } from './tree.ts';

/** What training needs to know about its columns. */
export interface TrainingInfo {
  /** From 1 to 65,535. */
  numClasses: number;
  /** Upper edges of the bins of each feature; from 1 to 65,535 features. */
  edges: BinEdges;
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

const BLOCK_ROWS = 1024; // packed together, so that their cache lines are written once
const LINE_BYTES = 32; // rows never straddle a cache line of 64
const MAX_BYTES = 2 ** 31 - 1; // positions in `codes` are 32-bit integers
const MAX_ROWS = 2 ** 26 - 1; // an entry of the kernel has 26 bits for the row beside 5 for samples and class

/**
 * Lay rows out for training; everything that the kernel relies on is checked here.
 *
 * @param allocate makes the array of codes, all zero
 * @throws {InputError} on no rows, too many, or codes and labels out of range
 */
export function packRows(
  rows: BinnedRows,
  info: TrainingInfo,
  allocate = (bytes: number, _stride: number): Uint8Array => new Uint8Array(bytes),
): PackedRows {
  const { numRows, labels } = rows;
  const { numClasses, edges } = info;
  const numFeatures = edges.length;
  checkRange('features', numFeatures, MAX_FEATURES);
  checkRange('classes', numClasses, MAX_CLASSES);
  const stride = rowStride(numFeatures);
  checkRange('training rows', numRows, Math.min(MAX_ROWS, Math.floor(MAX_BYTES / stride)));
  if (rows.columns.length !== numFeatures) {
    throw new InputError(
      `training rows must have a column for each of ${numFeatures} features, got ${rows.columns.length}`,
    );
  }
  const codes = allocate(numRows * stride, stride);
  const maxCodes = new Uint8Array(numFeatures);
  for (let start = 0; start < numRows; start += BLOCK_ROWS) {
    const end = Math.min(start + BLOCK_ROWS, numRows);
    for (let feature = 0; feature < numFeatures; feature++) {
      const maxCode = packColumn(rows.columns[feature], start, end, codes, feature, stride);
      if (maxCode > maxCodes[feature]) maxCodes[feature] = maxCode;
    }
  }
  for (const [feature, maxCode] of maxCodes.entries()) {
    if (maxCode > edges[feature].length) {
      throw new InputError(`feature ${feature}: bin code must be from 0 to ${edges[feature].length}, got ${maxCode}`);
    }
  }
  for (let row = 0; row < numRows; row++) {
    if (labels[row] >= numClasses) {
      throw new InputError(`row ${row}: label must be from 0 to ${numClasses - 1}, got ${labels[row]}`);
    }
  }
  const numBins = Uint16Array.from(edges, (featureEdges) => featureEdges.length + 1);
  return { numRows, numFeatures, numClasses, stride, codes, labels, numBins };
}

/** Write rows [start, end) of a column. @returns the largest code */
function packColumn(
  column: Uint8Array,
  start: number,
  end: number,
  codes: Uint8Array,
  feature: number,
  stride: number,
): number {
  let maxCode = 0;
  for (let row = start, at = start * stride + feature; row < end; row++, at += stride) {
    const code = column[row];
    codes[at] = code;
    if (code > maxCode) maxCode = code;
  }
  return maxCode;
}

function rowStride(numFeatures: number): number {
  if (numFeatures > LINE_BYTES) return Math.ceil(numFeatures / LINE_BYTES) * LINE_BYTES;
  return 2 ** Math.ceil(Math.log2(numFeatures));
}

function checkRange(what: string, count: number, max: number): void {
  if (!Number.isInteger(count) || count < 1 || count > max) {
    throw new InputError(`number of ${what} must be from 1 to ${max}, got ${count}`);
  }
}
