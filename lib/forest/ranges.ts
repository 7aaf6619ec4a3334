// The values that features had, to tell new ones from them.

import type { ValueRange } from './model.ts';

/** Smallest and largest known value of each column. */
export function rangesOf(columns: readonly Float32Array[]): ValueRange[] {
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

/** A range of its ends; null where no value was known. */
export function toRange(least: number, most: number): ValueRange {
  return least <= most ? [least + 0, most + 0] : null; // JSON has one zero
}

/** Ranges that hold both. */
export function joinRanges(a: readonly ValueRange[], b: readonly ValueRange[]): ValueRange[] {
  return a.map((range, feature) => {
    const other = b[feature];
    if (range === null || other === null) return range ?? other;
    return [Math.min(range[0], other[0]), Math.max(range[1], other[1])];
  });
}

/** Values outside of the ranges. */
export interface OutOfRange {
  /** Known values, of all rows and features. */
  numValues: number;
  /** Of them, those outside. */
  numOutside: number;
  /** Values outside by feature, shape [numFeatures]. */
  byFeature: number[];
}

/** How many known values lie outside of what training saw; every value of a feature that had none. */
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
