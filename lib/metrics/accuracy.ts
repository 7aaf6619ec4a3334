// Accuracy and its interval.

import type { PairCount } from './confusion.ts';

export interface Accuracy {
  /** Share of rows whose predicted class is the true one, in [0, 1]. */
  accuracy: number;
  /** 95 % Wilson interval of the share, in [0, 1]. */
  interval: [low: number, high: number];
  numRows: number;
  numCorrect: number;
}

const Z_95 = 1.959963984540054; // 97.5 % point of the normal distribution

/**
 * @param pairs confusion counts with at least one row
 * @throws {RangeError} when there are no rows
 * Source of the interval: Wilson, "Probable inference, the law of succession, and statistical inference", JASA 1927.
 */
export function accuracyOf(pairs: readonly PairCount[]): Accuracy {
  const numRows = pairs.reduce((sum, [, , rows]) => sum + rows, 0);
  if (numRows === 0) throw new RangeError('accuracy needs at least one row, got 0');
  const numCorrect = pairs.reduce((sum, [label, predicted, rows]) => sum + (label === predicted ? rows : 0), 0);
  const share = numCorrect / numRows;
  const squared = Z_95 * Z_95;
  const centre = share + squared / (2 * numRows);
  const margin = Z_95 * Math.sqrt((share * (1 - share)) / numRows + squared / (4 * numRows * numRows));
  const scale = 1 + squared / numRows;
  const clamp = (value: number) => Math.min(1, Math.max(0, value / scale));
  return { accuracy: share, interval: [clamp(centre - margin), clamp(centre + margin)], numRows, numCorrect };
}
