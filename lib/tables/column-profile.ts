// What is known of a column from its cells: facts of ranges that merge into those of the whole, in any grouping.

import { InputError } from '../base/errors.ts';
import { quote } from '../base/quote.ts';
import { type Cell, type CellLocation, type Cells, parseBoolean, parseDate, showLocation } from './cells.ts';

/** A value that may name a category or a class. */
export type Value = number | string | boolean;

/** Where a cell is and what it holds; rows from 0. */
export interface FoundCell {
  file: string;
  row: number;
  value: Value | null;
}

/** As JSON between tasks. */
export interface ColumnProfile {
  numMissing: number;
  numNumbers: number;
  numBooleans: number;
  /** Dates and times. */
  numDates: number;
  /** All other texts. */
  numTexts: number;
  /** Of the numbers; null when there are none. */
  min: number | null;
  max: number | null;
  /** Distinct values and the rows of each, in order of appearance; null when there are more than the limit. */
  values: [value: Value, numRows: number][] | null;
  firstMissing: FoundCell | null;
  /** First cell that is no number. */
  firstOther: FoundCell | null;
  /** First cell that is a number. */
  firstNumber: FoundCell | null;
}

/** Categories of a feature: their codes are 0 to 254. */
export const MAX_CATEGORIES = 255;
const MAX_FLOAT32 = 3.4028234663852886e38;
/** Characters of a category's name: longer texts are no categories. */
const MAX_VALUE_LENGTH = 200;

export const EMPTY_PROFILE: ColumnProfile = {
  numMissing: 0,
  numNumbers: 0,
  numBooleans: 0,
  numDates: 0,
  numTexts: 0,
  min: null,
  max: null,
  values: [],
  firstMissing: null,
  firstOther: null,
  firstNumber: null,
};

/**
 * @param mostValues distinct values to remember, at most
 * @throws {InputError} on a number that a float32 can't hold
 */
export function profileColumn(
  cells: Cells,
  numRows: number,
  place: CellLocation,
  column: string,
  mostValues: number,
): ColumnProfile {
  const facts = { ...EMPTY_PROFILE };
  let counts: Map<Value, number> | null = new Map();
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  const found = (row: number, value: Value | null): FoundCell => ({
    file: place.file,
    row: place.rowStart + row,
    value,
  });
  for (let row = 0; row < numRows; row++) {
    const cell = cells.at(row);
    if (cell === null) {
      facts.firstMissing ??= found(row, null);
      facts.numMissing++;
      continue;
    }
    const value = toValue(cell);
    if (typeof value === 'number') {
      if (!(Math.abs(value) <= MAX_FLOAT32)) {
        throw new InputError(
          `${showLocation(place, row, column)}: a number must be within ±${MAX_FLOAT32}, got ${value}`,
        );
      }
      facts.firstNumber ??= found(row, value);
      facts.numNumbers++;
      if (value < min) min = value;
      if (value > max) max = value;
    } else {
      facts.firstOther ??= found(row, typeof value === 'string' ? value.slice(0, MAX_VALUE_LENGTH) : value);
      facts[countedAs(value)]++;
    }
    if (counts !== null) {
      counts.set(value, (counts.get(value) ?? 0) + 1);
      if (counts.size > mostValues || (typeof value === 'string' && value.length > MAX_VALUE_LENGTH)) counts = null;
    }
  }
  const hasNumbers = facts.numNumbers > 0;
  return { ...facts, min: hasNumbers ? min : null, max: hasNumbers ? max : null, values: counts && [...counts] };
}

function countedAs(value: string | boolean): 'numBooleans' | 'numDates' | 'numTexts' {
  if (typeof value === 'boolean' || parseBoolean(value) !== undefined) return 'numBooleans';
  return parseDate(value) === undefined ? 'numTexts' : 'numDates';
}

/** Facts of rows and of those that follow. */
export function mergeProfiles(first: ColumnProfile, second: ColumnProfile, mostValues: number): ColumnProfile {
  return {
    numMissing: first.numMissing + second.numMissing,
    numNumbers: first.numNumbers + second.numNumbers,
    numBooleans: first.numBooleans + second.numBooleans,
    numDates: first.numDates + second.numDates,
    numTexts: first.numTexts + second.numTexts,
    min: mergeExtremes(first.min, second.min, Math.min),
    max: mergeExtremes(first.max, second.max, Math.max),
    values: mergeValues(first.values, second.values, mostValues),
    firstMissing: first.firstMissing ?? second.firstMissing,
    firstOther: first.firstOther ?? second.firstOther,
    firstNumber: first.firstNumber ?? second.firstNumber,
  };
}

function mergeExtremes(a: number | null, b: number | null, choose: (a: number, b: number) => number): number | null {
  return a === null || b === null ? (a ?? b) : choose(a, b);
}

function mergeValues(
  a: ColumnProfile['values'],
  b: ColumnProfile['values'],
  mostValues: number,
): ColumnProfile['values'] {
  if (a === null || b === null) return null;
  const counts = new Map(a);
  for (const [value, numRows] of b) counts.set(value, (counts.get(value) ?? 0) + numRows);
  return counts.size > mostValues ? null : [...counts];
}

/** Order of values: false, true, numbers ascending, texts by code units. */
export function compareValues(a: Value, b: Value): number {
  const order = { boolean: 0, number: 1, string: 2 } as Record<string, number>;
  if (typeof a !== typeof b) return order[typeof a] - order[typeof b];
  return a < b ? -1 : a > b ? 1 : 0;
}

export type ColumnType = 'numeric' | 'categorical' | 'boolean' | 'date' | 'text';

/** Up to so many distinct texts are categories however few rows there are. */
const FEW_VALUES = 20;

/**
 * Type of a column.
 *
 * @param column as messages call it
 * @param isCategorical whether it is to be taken as categories whatever it holds
 * @throws {InputError} when most values are numbers and some are not
 */
export function inferType(facts: ColumnProfile, column: string, isCategorical: boolean): ColumnType {
  const { numNumbers, numBooleans, numDates, numTexts, values, firstOther } = facts;
  const numOthers = numBooleans + numDates + numTexts;
  const numValues = numNumbers + numOthers;
  if (isCategorical) return 'categorical';
  if (numOthers === 0) return 'numeric';
  if (numBooleans === numValues) return 'boolean';
  if (numDates === numValues) return 'date';
  if (numNumbers >= numOthers) {
    const { file, row, value } = firstOther!;
    throw new InputError(
      `${file}, row ${row + 1}, column ${JSON.stringify(column)}: ${quote(value)} is no number, and ${numNumbers} of ${numValues} values are; ` +
        `mend it, leave it empty where there is no value, or name the column in categorical or drop`,
    );
  }
  if (values === null) return 'text';
  return values.length <= FEW_VALUES || 2 * values.length <= numValues ? 'categorical' : 'text';
}

/** What a cell counts as in a list of values. */
export function toValue(cell: Exclude<Cell, null>): Value {
  if (!(cell instanceof Date)) return cell;
  return cell
    .toISOString()
    .replace(/T00:00:00\.000Z$/, '')
    .replace(/\.000Z$/, 'Z');
}
