import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InputError } from '../../../lib/base/errors.ts';
import { assignSides, countTestRows, countValidationRows, SIDE, type SplitSpec } from '../../../lib/partition/sides.ts';

function isTestOf(spec: SplitSpec): (rowIndex: number) => boolean {
  const sideOf = assignSides(spec);
  return (rowIndex) => sideOf(rowIndex) === SIDE.test;
}

function count(numRows: number, numTest: number, shuffle: boolean, seed = 0): number {
  const isTest = isTestOf({ numRows, numTest, shuffle, seed });
  let total = 0;
  for (let row = 0; row < numRows; row++) total += isTest(row) ? 1 : 0;
  return total;
}

test('the test side has exactly the requested share, from 0.05 to 0.95, for even and odd totals', () => {
  for (const numRows of [20, 997, 10_000, 33_333]) {
    for (let percent = 5; percent < 100; percent += 5) {
      const numTest = countTestRows(numRows, percent / 100);
      assert.equal(numTest, Math.round((percent / 100) * numRows));
      assert.equal(count(numRows, numTest, true), numTest);
    }
  }
});

test('a count is used as given', () => {
  assert.equal(countTestRows(100, 1), 1);
  assert.equal(countTestRows(100, 99), 99);
});

test('a size that leaves a side empty is rejected', () => {
  for (const [numRows, size] of [
    [100, 100],
    [100, 101],
    [100, 0.001],
    [100, 0.999],
    [1, 0.5],
  ] as const) {
    assert.throws(() => countTestRows(numRows, size), InputError);
  }
});

test('validation rows are as many as requested, and do not change the test rows', () => {
  const spec = { numRows: 997, numTest: 100, shuffle: true, seed: 3 };
  const numValidation = countValidationRows(997, 100, 0.3);
  assert.equal(numValidation, 299);
  const sideOf = assignSides({ ...spec, numValidation });
  const sides = Array.from({ length: 997 }, (_, row) => sideOf(row));
  assert.equal(sides.filter((side) => side === SIDE.validation).length, 299);
  assert.deepEqual(
    sides.map((side) => side === SIDE.test),
    Array.from({ length: 997 }, (_, row) => isTestOf(spec)(row)),
  );
  assert.equal(countValidationRows(10, 3, undefined), 0);
  assert.equal(countValidationRows(10, 3, 6), 6);
  for (const size of [7, 0.7, 0.01]) assert.throws(() => countValidationRows(10, 3, size), InputError);
});

test('without shuffle the last rows are the test side', () => {
  const isTest = isTestOf({ numRows: 10, numTest: 3, shuffle: false, seed: 0 });
  assert.deepEqual(
    Array.from({ length: 10 }, (_, row) => isTest(row)),
    [...Array(7).fill(false), ...Array(3).fill(true)],
  );
});

test('with shuffle the test rows are spread, and another seed picks others', () => {
  const picked = (seed: number) => {
    const isTest = isTestOf({ numRows: 10_000, numTest: 1000, shuffle: true, seed });
    return Array.from({ length: 10_000 }, (_, row) => row).filter(isTest);
  };
  const rows = picked(1);
  for (let tenth = 0; tenth < 10; tenth++) {
    const inTenth = rows.filter((row) => Math.floor(row / 1000) === tenth).length;
    assert.ok(Math.abs(inTenth - 100) < 40, `${inTenth} of 1000 test rows in tenth ${tenth}`); // 4 standard deviations
  }
  const others = new Set(picked(2));
  const common = rows.filter((row) => others.has(row)).length;
  assert.ok(common > 50 && common < 150, `${common} rows in common`);
});
