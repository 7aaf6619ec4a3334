// Which side of the split a row falls on, and how large the sides are.

import { InputError } from '../base/errors.ts';
import { KeyedPermutation, STREAM } from '../base/random.ts';

/** Sides of the split, as partitions hold them. */
export const SIDE = { train: 0, test: 1, validation: 2 } as const;
export type Side = (typeof SIDE)[keyof typeof SIDE];

/** How the rows are divided. */
export interface SplitSpec {
  numRows: number;
  /** Rows on the test side, from 1 to numRows - 1. */
  numTest: number;
  /** Rows on the validation side; with those of the test side fewer than numRows. @default 0 */
  numValidation?: number;
  /** Random sides; without it the last rows are the test side, and those before them the validation side. */
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
 * Rows on the validation side: exact, too.
 *
 * @param validationSize share of all rows in (0, 1), or a count from 1 up; undefined for none
 * @throws {InputError} when it would be empty, or leave nothing to train on
 */
export function countValidationRows(numRows: number, numTest: number, validationSize: number | undefined): number {
  if (validationSize === undefined) return 0;
  const numValidation = validationSize < 1 ? Math.round(validationSize * numRows) : validationSize;
  if (numValidation < 1 || numTest + numValidation >= numRows) {
    const empty = numValidation < 1 ? 'validation' : 'training';
    throw new InputError(
      `validationSize ${validationSize} of ${numRows} rows, ${numTest} of them to test, leaves the ${empty} side empty; give a share in (0, 1) or a count from 1 to ${numRows - numTest - 1}`,
    );
  }
  return numValidation;
}

/**
 * Tell the side of a row, from its index alone: a keyed permutation of all row indices sends exactly `numTest` of them
 * below `numTest`, so the totals are exact and no partition needs to know another.
 */
export function sideOfRow({
  numRows,
  numTest,
  numValidation = 0,
  shuffle,
  seed,
}: SplitSpec): (rowIndex: number) => Side {
  const ofPosition = sideOfPosition(numTest, numValidation);
  if (!shuffle) return (rowIndex) => ofPosition(numRows - 1 - rowIndex);
  const permutation = new KeyedPermutation(numRows, seed, STREAM.split);
  return (rowIndex) => ofPosition(permutation.at(rowIndex));
}

/** Positions from 0 on are the test side, then comes the validation side. */
function sideOfPosition(numTest: number, numValidation: number): (position: number) => Side {
  return (position) =>
    position < numTest ? SIDE.test : position < numTest + numValidation ? SIDE.validation : SIDE.train;
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
 * Tell the side of a row, from its class and its number among the rows of that class: each class has exactly its share of
 * the test side, and of the validation side its share of the rows that are left.
 *
 * @param classCounts rows of each class in the whole data set
 */
export function stratifiedSide(
  classCounts: readonly number[],
  numTest: number,
  numValidation: number,
  seed: number,
): (label: number, rank: number) => Side {
  const toTest = shareOut(numTest, classCounts);
  const toValidate = shareOut(
    numValidation,
    classCounts.map((count, k) => count - toTest[k]),
  );
  const classes = classCounts.map((count, k) => ({
    permutation: new KeyedPermutation(count, seed, STREAM.split, k),
    ofPosition: sideOfPosition(toTest[k], toValidate[k]),
  }));
  return (label, rank) => classes[label].ofPosition(classes[label].permutation.at(rank));
}
