// Decides the side of each row from a column of the user's data: a group, a time, a key to hash, or the side itself.
// The ingest stage applies it. Sides that no
// column decides (random, stratified, last rows) are in lib/partition/sides.ts, which the split stage applies.

import { InputError } from '../base/errors.ts';
import { sha256 } from '../base/hash.ts';
import { quote } from '../base/quote.ts';
import { countTestRows, countValidationRows, SIDE, type Side } from '../partition/sides.ts';
import { type Cell, type CellLocation, type Cells, parseBoolean, showLocation } from '../tables/cells.ts';
import { toValue } from '../tables/column-profile.ts';
import type { ChosenColumns } from '../tables/columns.ts';
import { toMs } from '../tables/schema.ts';

/** A time, and the first row with that time that counts. */
interface Moment {
  time: number;
  rowIndex: number;
}

/** Assigns a side to the value of `readSideValues` of a row. */
export type SideRule =
  /** Below `test`: the test side; below `validation`: the validation side. */
  | { kind: 'below'; test: number; validation: number }
  /** From the moment `test` on: the test side; from `validation` on: the validation side. */
  | { kind: 'after'; test: Moment; validation: Moment };

const HASH_DIGITS = 13; // 52 bits: a double holds them exactly
const HASHES = 2 ** (4 * HASH_DIGITS);
/** Maximum number of values whose hashes are kept in memory. */
const MAX_KNOWN = 100_000;

/** A column that decides the sides, and how. */
export interface SideColumn {
  kind: 'group' | 'time' | 'hashBy' | 'side';
  column: number;
}

/** Find the column that decides the sides; null when no column does. */
export function findSideColumn({ group, time, hashBy, side }: ChosenColumns): SideColumn | null {
  const found = Object.entries({ group, time, hashBy, side }).find(([, column]) => column !== null);
  return found ? { kind: found[0] as SideColumn['kind'], column: found[1]! } : null;
}

/**
 * Read the deciding column as one number for each row: a hash from 0 to 2^52 - 1, a time, or 0 (test), 1 (validation) or
 * 2 (train) for a column of sides.
 *
 * @param column how it decides, its name for messages, and the seed of the hashes
 * @param location location of the rows, for messages
 * @throws {InputError} on a cell that is missing or is not a group, a key, a time or a side
 */
export function readSideValues(
  cells: Cells,
  numRows: number,
  { kind, name, seed }: { kind: SideColumn['kind']; name: string; seed: number },
  location: CellLocation,
): Float64Array {
  const known = new Map<unknown, number>();
  const hash = (cell: Exclude<Cell, null>): number => {
    const value = toValue(cell);
    let found = known.get(value);
    if (found === undefined) {
      found = Number.parseInt(sha256(`${seed} ${typeof value} ${value}`).slice(0, HASH_DIGITS), 16);
      if (known.size < MAX_KNOWN) known.set(value, found);
    }
    return found;
  };
  const refuse = (row: number, allowed: string, cell: Cell): never => {
    const got = cell === null ? 'no value' : quote(toValue(cell));
    throw new InputError(`${showLocation(location, row, name)}: ${allowed}, got ${got}`);
  };
  return Float64Array.from({ length: numRows }, (_, row) => {
    const cell = cells.at(row);
    if (kind === 'time') {
      const time = typeof cell === 'number' ? cell : toMs(cell);
      return time ?? refuse(row, 'a time must be a number or a date as in 2026-01-31', cell);
    }
    if (kind === 'side') {
      const side = parseSide(cell);
      return side ?? refuse(row, 'a side must be train, validation or test, 0 or 1, false or true', cell);
    }
    return cell === null
      ? refuse(row, `a ${kind === 'group' ? 'group' : 'key'} must not be missing`, cell)
      : hash(cell);
  });
}

/** 0 for test, 1 for validation, 2 for train; undefined for anything else. */
function parseSide(cell: Cell): number | undefined {
  const isTest = typeof cell === 'string' ? parseBoolean(cell) : cell === 0 || cell === 1 ? cell === 1 : cell;
  if (typeof isTest === 'boolean') return isTest ? 0 : 2;
  const at = typeof cell === 'string' ? ['test', 'validation', 'train'].indexOf(cell.toLowerCase()) : -1;
  return at < 0 ? undefined : at;
}

/**
 * Decide the rule, and count the rows of the whole dataset that it assigns to the test and the validation side.
 *
 * @param order values of `readSideValues` for all rows, in order
 * @throws {InputError} when a side would be empty
 */
export function decideSides(
  kind: SideColumn['kind'],
  order: Float64Array,
  { testSize, validationSize }: { testSize: number; validationSize?: number },
): { rule: SideRule; numTest: number; numValidation: number } {
  const numRows = order.length;
  const rule = makeRule(kind, order, testSize, validationSize);
  const sideOf = sidesBy(rule);
  const counts = [0, 0, 0];
  for (const [row, value] of order.entries()) counts[sideOf(value, row)]++;
  const wanted: [string, number][] = [
    ['training', counts[SIDE.train]],
    ['test', counts[SIDE.test]],
    ...(validationSize === undefined ? [] : [['validation', counts[SIDE.validation]] as [string, number]]),
  ];
  const empty = wanted.find(([, count]) => count === 0);
  if (empty) throw new InputError(`dividing the ${numRows} rows by ${kind} leaves the ${empty[0]} side empty`);
  return { rule, numTest: counts[SIDE.test], numValidation: counts[SIDE.validation] };
}

function makeRule(
  kind: SideColumn['kind'],
  order: Float64Array,
  testSize: number,
  validationSize: number | undefined,
): SideRule {
  if (kind === 'side') return { kind: 'below', test: 1, validation: 2 };
  if (kind === 'hashBy') {
    return { kind: 'below', test: testSize * HASHES, validation: (testSize + (validationSize ?? 0)) * HASHES };
  }
  const numTest = countTestRows(order.length, testSize);
  const numHeld = numTest + countValidationRows(order.length, numTest, validationSize);
  const sorted = order.slice().sort();
  if (kind === 'time') {
    return { kind: 'after', test: findMoment(order, sorted, numTest), validation: findMoment(order, sorted, numHeld) };
  }
  const test = findBound(sorted, numTest);
  return { kind: 'below', test, validation: numHeld === numTest ? test : findBound(sorted, numHeld) };
}

/** Make a function that gives the side of a row from its value and its index. */
export function sidesBy(rule: SideRule): (value: number, rowIndex: number) => Side {
  if (rule.kind === 'below') {
    return (value) => (value < rule.test ? SIDE.test : value < rule.validation ? SIDE.validation : SIDE.train);
  }
  const isAfter = ({ time, rowIndex: first }: Moment, value: number, rowIndex: number) =>
    value > time || (value === time && rowIndex >= first);
  return (value, rowIndex) =>
    isAfter(rule.test, value, rowIndex)
      ? SIDE.test
      : isAfter(rule.validation, value, rowIndex)
        ? SIDE.validation
        : SIDE.train;
}

/** Find the moment from which on there are exactly `numRows` rows; among rows of the same time, the last ones count. */
function findMoment(order: Float64Array, sorted: Float64Array, numRows: number): Moment {
  const time = sorted[order.length - numRows];
  let numAtTime = numRows - order.reduce((sum, value) => sum + Number(value > time), 0);
  let rowIndex = order.length;
  while (numAtTime > 0) if (order[--rowIndex] === time) numAtTime--;
  return { time, rowIndex };
}

/** Find the bound between two groups, sorted by hash, with the number of rows below it closest to `numRows`. */
function findBound(sorted: Float64Array, numRows: number): number {
  let best = { bound: sorted[0], distance: Number.POSITIVE_INFINITY };
  for (let row = 1; row < sorted.length; row++) {
    if (sorted[row] === sorted[row - 1]) continue;
    const distance = Math.abs(row - numRows);
    if (distance < best.distance) best = { bound: sorted[row], distance };
  }
  return best.bound;
}
