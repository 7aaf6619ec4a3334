// The profile of a column: counts, extremes and distinct values of its cells. Profiles of parts merge into that of the
// whole, in any grouping.

import { InputError } from '../base/errors.ts';
import { quote } from '../base/quote.ts';
import { type Cell, type CellLocation, type Cells, parseBoolean, parseDate, showLocation } from './cells.ts';

/** A value that may name a category or a class. */
export type Value = number | string | boolean;

/** Location and value of a cell; rows count from 0. */
export interface FoundCell {
  file: string;
  row: number;
  value: Value | null;
}

/** Profile of the cells of one column; passed between tasks as JSON. */
export interface ColumnProfile {
  numMissing: number;
  numNumbers: number;
  numBooleans: number;
  /** Dates and times. */
  numDates: number;
  /** All other texts. */
  numTexts: number;
  /** Smallest and largest number; null without numbers. */
  min: number | null;
  max: number | null;
  /** Distinct values and the rows of each, in order of appearance; null if there are more than the limit. */
  values: [value: Value, numRows: number][] | null;
  firstMissing: FoundCell | null;
  /** First cell that has a value that is not a number. */
  firstOther: FoundCell | null;
  /** First cell that is a number. */
  firstNumber: FoundCell | null;
}

/** Most categories of a feature: their codes are 0 to 254. */
export const MAX_CATEGORIES = 255;
const MAX_FLOAT32 = 3.4028234663852886e38;
/** Characters of a category's name; a longer text is not a category. */
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
 * Profile the cells of a column.
 *
 * @param options.column name in messages
 * @param options.maxValues most distinct values to count
 * @throws {InputError} on a number that is out of the range of a float32
 */
export function profileColumn(
  cells: Cells,
  numRows: number,
  { location, column, maxValues }: { location: CellLocation; column: string; maxValues: number },
): ColumnProfile {
  const profile = { ...EMPTY_PROFILE };
  let counts: Map<Value, number> | null = new Map();
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  const locate = (row: number, value: Value | null): FoundCell => ({
    file: location.file,
    row: location.rowStart + row,
    value,
  });
  for (let row = 0; row < numRows; row++) {
    const cell = cells.at(row);
    if (cell === null) {
      profile.firstMissing ??= locate(row, null);
      profile.numMissing++;
      continue;
    }
    const value = toValue(cell);
    if (typeof value === 'number') {
      if (!(Math.abs(value) <= MAX_FLOAT32)) {
        throw new InputError(
          `${showLocation(location, row, column)}: a number must be within ±${MAX_FLOAT32}, got ${value}`,
        );
      }
      profile.firstNumber ??= locate(row, value);
      profile.numNumbers++;
      if (value < min) min = value;
      if (value > max) max = value;
    } else {
      profile.firstOther ??= locate(row, typeof value === 'string' ? value.slice(0, MAX_VALUE_LENGTH) : value);
      profile[countedAs(value)]++;
    }
    if (counts !== null) {
      counts.set(value, (counts.get(value) ?? 0) + 1);
      if (counts.size > maxValues || (typeof value === 'string' && value.length > MAX_VALUE_LENGTH)) counts = null;
    }
  }
  const hasNumbers = profile.numNumbers > 0;
  return { ...profile, min: hasNumbers ? min : null, max: hasNumbers ? max : null, values: counts && [...counts] };
}

function countedAs(value: string | boolean): 'numBooleans' | 'numDates' | 'numTexts' {
  if (typeof value === 'boolean' || parseBoolean(value) !== undefined) return 'numBooleans';
  return parseDate(value) === undefined ? 'numTexts' : 'numDates';
}

/** Merge the profile of rows with that of the rows that follow. */
export function mergeProfiles(first: ColumnProfile, second: ColumnProfile, maxValues: number): ColumnProfile {
  return {
    numMissing: first.numMissing + second.numMissing,
    numNumbers: first.numNumbers + second.numNumbers,
    numBooleans: first.numBooleans + second.numBooleans,
    numDates: first.numDates + second.numDates,
    numTexts: first.numTexts + second.numTexts,
    min: mergeExtremes(first.min, second.min, Math.min),
    max: mergeExtremes(first.max, second.max, Math.max),
    values: mergeValues(first.values, second.values, maxValues),
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
  maxValues: number,
): ColumnProfile['values'] {
  if (a === null || b === null) return null;
  const counts = new Map(a);
  for (const [value, numRows] of b) counts.set(value, (counts.get(value) ?? 0) + numRows);
  return counts.size > maxValues ? null : [...counts];
}

/** Order of values: false, true, numbers ascending, texts by code units. */
export function compareValues(a: Value, b: Value): number {
  const order = (value: Value) => ['boolean', 'number', 'string'].indexOf(typeof value);
  if (typeof a !== typeof b) return order(a) - order(b);
  return a < b ? -1 : a > b ? 1 : 0;
}

export type ColumnType = 'numeric' | 'categorical' | 'boolean' | 'date' | 'text';

/** Up to this many distinct texts are categories, whatever the number of rows. */
const FEW_VALUES = 20;

/**
 * Infer the type of a column.
 *
 * @param column name in messages
 * @param isCategorical whether to read the column as categories, whatever its values are
 * @throws {InputError} when at least half of the values are numbers and some are not
 */
export function inferType(profile: ColumnProfile, column: string, isCategorical: boolean): ColumnType {
  const { numNumbers, numBooleans, numDates, numTexts, values, firstOther } = profile;
  const numOthers = numBooleans + numDates + numTexts;
  const numValues = numNumbers + numOthers;
  if (isCategorical) return 'categorical';
  if (numOthers === 0) return 'numeric';
  if (numBooleans === numValues) return 'boolean';
  if (numDates === numValues) return 'date';
  if (numNumbers >= numOthers) {
    const { file, row, value } = firstOther!;
    throw new InputError(
      `${file}, row ${row + 1}, column ${JSON.stringify(column)}: ${quote(value)} is not a number, but ${numNumbers} of ${numValues} values are; ` +
        `correct it, leave it empty if the value is missing, or name the column in categorical or drop`,
    );
  }
  if (values === null) return 'text';
  return values.length <= FEW_VALUES || 2 * values.length <= numValues ? 'categorical' : 'text';
}

/** The value that a cell is counted as; a date becomes a text. */
export function toValue(cell: Exclude<Cell, null>): Value {
  if (!(cell instanceof Date)) return cell;
  return cell
    .toISOString()
    .replace(/T00:00:00\.000Z$/, '')
    .replace(/\.000Z$/, 'Z');
}
