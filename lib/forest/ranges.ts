// Ranges of the training values, to detect new values outside them.

import type { ValueRange } from './model.ts';

/** Smallest and largest known value of each column. */
export function findRanges(columns: readonly Float32Array[]): ValueRange[] {
  return columns.map((column) => {
    let least = Number.POSITIVE_INFINITY;
    let most = Number.NEGATIVE_INFINITY;
    for (const value of column) {
      if (value < least) least = value;
      if (value > most) most = value;
    }
    return toRange(least, most);
  });
}

/** A range from its ends; null when no value is known. */
export function toRange(least: number, most: number): ValueRange {
  return least <= most ? [least + 0, most + 0] : null; // + 0 turns -0 into 0, as JSON does
}

/** The union of two ranges per feature. */
export function joinRanges(a: readonly ValueRange[], b: readonly ValueRange[]): ValueRange[] {
  return a.map((range, feature) => {
    const other = b[feature];
    if (range === null || other === null) return range ?? other;
    return [Math.min(range[0], other[0]), Math.max(range[1], other[1])];
  });
}

/** Counts of values outside the ranges. */
export interface OutOfRange {
  /** Number of known values in all rows and features. */
  numValues: number;
  /** Number of those outside the ranges. */
  numOutside: number;
  /** Number of values outside per feature, shape [numFeatures]. */
  byFeature: number[];
}

/** Count the known values outside the training ranges; a feature without a range counts every value. */
export function countOutOfRange(ranges: readonly ValueRange[], columns: readonly Float32Array[]): OutOfRange {
  let numValues = 0;
  const byFeature = columns.map((column, feature) => {
    const [least, most] = ranges[feature] ?? [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    let numOutside = 0;
    for (const value of column) {
      if (Number.isNaN(value)) continue;
      numValues++;
      if (value < least || value > most) numOutside++;
    }
    return numOutside;
  });
  return { numValues, numOutside: byFeature.reduce((sum, count) => sum + count, 0), byFeature };
}
