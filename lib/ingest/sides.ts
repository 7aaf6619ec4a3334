// Sides of the split that a user's data decide: by group, by time, by the hash of a key, or as a column says.

import { InputError } from '../errors.ts';
import { sha256 } from '../hash.ts';
import { countTestRows } from '../partition/split.ts';
import { quote } from '../quote.ts';
import { type Cell, type Cells, type Place, parseBoolean, sayCell } from '../tables/cells.ts';
import type { ChosenColumns } from '../tables/columns.ts';
import { toValue } from '../tables/facts.ts';
import { toMs } from '../tables/schema.ts';

/** Which rows are on the test side, by their number in the column at hand. */
export type SideRule =
  /** Those whose hash is below a bound. */
  | { kind: 'below'; bound: number }
  /** Those after a time; of those at it, the rows from an index on. */
  | { kind: 'after'; time: number; rowIndex: number };

const HASH_DIGITS = 13; // 52 bits: a double holds them exactly
const HASHES = 2 ** (4 * HASH_DIGITS);
/** Hashes are remembered up to so many values. */
const MAX_KNOWN = 100_000;

/** The column that decides, and how; null when none does. */
export function sideColumnOf({ group, time, hashBy, side }: ChosenColumns): {
  kind: 'group' | 'time' | 'hashBy' | 'side';
  column: number;
} | null {
  const found = Object.entries({ group, time, hashBy, side }).find(([, column]) => column !== null);
  return found ? { kind: found[0] as 'group', column: found[1]! } : null;
}

/**
 * What decides on each row, as a number: a hash from 0 to 2^52 - 1, a time, or for a given side 0 (test) or 1.
 *
 * @throws {InputError} on a cell that is missing or says nothing
 */
export function readOrder(
  cells: Cells,
  numRows: number,
  chosen: ChosenColumns,
  names: readonly string[],
  place: Place,
  seed: number,
): Float64Array {
  const { kind, column } = sideColumnOf(chosen)!;
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
    throw new InputError(`${sayCell(place, row, names[column])}: ${allowed}, got ${got}`);
  };
  return Float64Array.from({ length: numRows }, (_, row) => {
    const cell = cells.at(row);
    if (kind === 'time') {
      const time = typeof cell === 'number' ? cell : toMs(cell);
      return time ?? refuse(row, 'a time must be a number or a date as in 2026-01-31', cell);
    }
    if (kind === 'side') {
      const isTest = saysTest(cell);
      return isTest === undefined
        ? refuse(row, 'a side must be train or test, 0 or 1, false or true', cell)
        : Number(!isTest);
    }
    return cell === null
      ? refuse(row, `a ${kind === 'group' ? 'group' : 'key'} must not be missing`, cell)
      : hash(cell);
  });
}

function saysTest(cell: Cell): boolean | undefined {
  if (typeof cell === 'boolean') return cell;
  if (typeof cell === 'number') return cell === 0 || cell === 1 ? cell === 1 : undefined;
  if (typeof cell !== 'string') return undefined;
  const word = cell.toLowerCase();
  return word === 'test' ? true : word === 'train' ? false : parseBoolean(cell);
}

/**
 * The rule, and how many rows of the whole data set it puts on the test side.
 *
 * @param order what decides on each row, of all rows in their order
 * @throws {InputError} when a side would be empty
 */
export function decideSides(
  kind: 'group' | 'time' | 'hashBy' | 'side',
  order: Float64Array,
  testSize: number,
): { rule: SideRule; numTest: number } {
  const numRows = order.length;
  const rule =
    kind === 'time'
      ? afterTime(order, countTestRows(numRows, testSize))
      : kind === 'group'
        ? belowGroup(order, countTestRows(numRows, testSize))
        : ({ kind: 'below', bound: kind === 'side' ? 1 : testSize * HASHES } as const);
  const isTest = testRows(rule);
  const numTest = order.reduce((sum, value, row) => sum + Number(isTest(value, row)), 0);
  if (numTest === 0 || numTest === numRows) {
    throw new InputError(
      `dividing the ${numRows} rows by ${kind} leaves the ${numTest === 0 ? 'test' : 'training'} side empty`,
    );
  }
  return { rule, numTest };
}

/** Whether a row is on the test side. */
export function testRows(rule: SideRule): (value: number, rowIndex: number) => boolean {
  if (rule.kind === 'below') return (value) => value < rule.bound;
  return (value, rowIndex) => value > rule.time || (value === rule.time && rowIndex >= rule.rowIndex);
}

/** The last rows by time, and of equal times the last ones of the file: exactly `numTest`. */
function afterTime(order: Float64Array, numTest: number): SideRule {
  const sorted = order.slice().sort();
  const time = sorted[order.length - numTest];
  let numAtTime = numTest - order.reduce((sum, value) => sum + Number(value > time), 0);
  let rowIndex = order.length;
  while (numAtTime > 0) if (order[--rowIndex] === time) numAtTime--;
  return { kind: 'after', time, rowIndex };
}

/** Whole groups in the order of their hashes: as near to `numTest` rows as that gets, and at least one group on each side. */
function belowGroup(order: Float64Array, numTest: number): SideRule {
  const sorted = order.slice().sort();
  let best = { bound: sorted[0], distance: Number.POSITIVE_INFINITY };
  for (let row = 1; row < sorted.length; row++) {
    if (sorted[row] === sorted[row - 1]) continue;
    const distance = Math.abs(row - numTest);
    if (distance < best.distance) best = { bound: sorted[row], distance };
  }
  return { kind: 'below', bound: best.bound };
}
