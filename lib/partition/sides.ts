// Decides which side of the split each row is on: train, test or validation.

import { InputError } from '../base/errors.ts';
import { KeyedPermutation, STREAM } from '../base/random.ts';

/** Sides of the split, as partitions store them. */
export const SIDE = { train: 0, test: 1, validation: 2 } as const;
export type Side = (typeof SIDE)[keyof typeof SIDE];

/** How the rows are split. */
export interface SplitSpec {
  numRows: number;
  /** Rows on the test side, from 1 to numRows - 1. */
  numTest: number;
  /** Rows on the validation side; numTest + numValidation must be below numRows. @default 0 */
  numValidation?: number;
  /** Whether sides are random; if false, the last rows are the test side, and those before them the validation side. */
  shuffle: boolean;
  seed: number;
}

/**
 * Count the rows of the test side: exact, whatever the partitions are.
 *
 * @param testSize share of the rows in (0, 1), or a count, at least 1
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
 * Count the rows of the validation side.
 *
 * @param validationSize share of all rows in (0, 1), or a count, at least 1; undefined for none
 * @throws {InputError} when it would be empty, or leave no rows to train on
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
 * Make a function that gives the side of a row from its index. A keyed permutation of all row indexes maps exactly
 * `numTest` of them below `numTest`, so totals are exact and partitions are independent of each other.
 */
export function assignSides({
  numRows,
  numTest,
  numValidation = 0,
  shuffle,
  seed,
}: SplitSpec): (rowIndex: number) => Side {
  const positionToSide = sideByPosition(numTest, numValidation);
  if (!shuffle) return (rowIndex) => positionToSide(numRows - 1 - rowIndex);
  const permutation = new KeyedPermutation(numRows, seed, STREAM.split);
  return (rowIndex) => positionToSide(permutation.at(rowIndex));
}

/** The first positions are the test side, the next ones the validation side. */
function sideByPosition(numTest: number, numValidation: number): (position: number) => Side {
  return (position) =>
    position < numTest ? SIDE.test : position < numTest + numValidation ? SIDE.validation : SIDE.train;
}

/**
 * Split `numTest` among the classes in proportion to their rows, by largest remainder, so that the parts add up to it;
 * ties go to the lower class.
 */
export function apportion(numTest: number, classCounts: readonly number[]): number[] {
  const numRows = classCounts.reduce((sum, count) => sum + count, 0);
  const exact = classCounts.map((count) => (count * numTest) / numRows);
  const shares = exact.map(Math.floor);
  const left = numTest - shares.reduce((sum, share) => sum + share, 0);
  const byRemainder = [...exact.keys()].sort((a, b) => exact[b] - shares[b] - (exact[a] - shares[a]) || a - b);
  for (const k of byRemainder.slice(0, left)) shares[k]++;
  return shares;
}

/**
 * Make a function that gives the side of a row from its class and its rank among the rows of that class. Each class has
 * exactly its share of the test side, and of the validation side its share of the remaining rows.
 *
 * @param classCounts rows of each class in the whole dataset
 */
export function assignStratifiedSides(
  classCounts: readonly number[],
  numTest: number,
  numValidation: number,
  seed: number,
): (label: number, rank: number) => Side {
  const testShares = apportion(numTest, classCounts);
  const validationShares = apportion(
    numValidation,
    classCounts.map((count, k) => count - testShares[k]),
  );
  const classes = classCounts.map((count, k) => ({
    permutation: new KeyedPermutation(count, seed, STREAM.split, k),
    positionToSide: sideByPosition(testShares[k], validationShares[k]),
  }));
  return (label, rank) => classes[label].positionToSide(classes[label].permutation.at(rank));
}
