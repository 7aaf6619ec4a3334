// Which side of the split a row falls on, and how large the sides are.

import { InputError } from '../errors.ts';
import { KeyedPermutation, STREAM } from '../random.ts';

/** How the rows are divided. */
export interface SplitSpec {
  numRows: number;
  /** Rows on the test side, from 1 to numRows - 1. */
  numTest: number;
  /** Random sides; without it the last rows are the test side. */
  shuffle: boolean;
  seed: number;
}

/**
 * Rows on the test side: exact in total, whatever the partitions are.
 *
 * @param testSize share of the rows in (0, 1), or a count from 1 up
 * @throws {InputError} when a side would be empty
 */
export function countTestRows(numRows: number, testSize: number): number {
  const numTest = testSize < 1 ? Math.round(testSize * numRows) : testSize;
  if (numTest < 1 || numTest >= numRows) {
    const empty = numTest < 1 ? 'test' : 'training';
    throw new InputError(
      `testSize ${testSize} of ${numRows} rows leaves the ${empty} side empty; give a share in (0, 1) or a count from 1 to ${numRows - 1}`,
    );
  }
  return numTest;
}

/**
 * Tell whether a row is on the test side, from its index alone: a keyed permutation of all row indices sends exactly
 * `numTest` of them below `numTest`, so the totals are exact and no partition needs to know another.
 */
export function testSide({ numRows, numTest, shuffle, seed }: SplitSpec): (rowIndex: number) => boolean {
  if (!shuffle) return (rowIndex) => rowIndex >= numRows - numTest;
  const permutation = new KeyedPermutation(numRows, seed, STREAM.split);
  return (rowIndex) => permutation.at(rowIndex) < numTest;
}
