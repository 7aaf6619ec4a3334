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

/**
 * Test rows of each class: its share, rounded by largest remainder, so that they add up to `numTest`; ties go to the
 * lower class.
 */
export function shareOut(numTest: number, classCounts: readonly number[]): number[] {
  const numRows = classCounts.reduce((sum, count) => sum + count, 0);
  const exact = classCounts.map((count) => (count * numTest) / numRows);
  const shares = exact.map(Math.floor);
  const left = numTest - shares.reduce((sum, share) => sum + share, 0);
  const byRemainder = [...exact.keys()].sort((a, b) => exact[b] - shares[b] - (exact[a] - shares[a]) || a - b);
  for (const k of byRemainder.slice(0, left)) shares[k]++;
  return shares;
}

/**
 * Tell whether a row is on the test side, from its class and its number among the rows of that class: each class has
 * exactly its share there.
 *
 * @param classCounts rows of each class in the whole data set
 */
export function stratifiedSide(
  classCounts: readonly number[],
  numTest: number,
  seed: number,
): (label: number, rank: number) => boolean {
  const shares = shareOut(numTest, classCounts);
  const permutations = classCounts.map((count, k) => new KeyedPermutation(count, seed, STREAM.split, k));
  return (label, rank) => permutations[label].at(rank) < shares[label];
}
