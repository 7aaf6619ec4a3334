// Cells of a table in any format, and how they appear in messages.

import { InputError } from '../base/errors.ts';
import { quote } from '../base/quote.ts';

/** Value of one cell; null where it is missing. */
export type Cell = number | string | boolean | Date | null;

/** Cells of one column. */
export interface Cells {
  at(row: number): Cell;
}

/** Cells of a column that was not requested. */
export const NO_CELLS: Cells = { at: () => null };

/** Rows of a table, column by column. */
export interface Batch {
  numRows: number;
  columns: Cells[];
}

/** Location of rows, for messages. */
export interface CellLocation {
  /** Name of the file in messages. */
  file: string;
  /** Index of the first row in the file, from 0; messages count from 1, without the header. */
  rowStart: number;
}

/** File and row, for messages. */
export function showRow({ file, rowStart }: CellLocation, row: number): string {
  return `${file}, row ${rowStart + row + 1}`;
}

/** File, row and column, for messages. */
export function showLocation(location: CellLocation, row: number, column: string): string {
  return `${showRow(location, row)}, column ${JSON.stringify(column)}`;
}

/** Words that mean a missing value in a text file, as in pandas. */
const MISSING_WORDS = new Set(['NA', 'N/A', 'n/a', '<NA>', '#N/A', 'NaN', 'nan', 'NULL', 'null', 'None']);

/** Whether a trimmed text means a missing value. */
export function isMissingWord(text: string): boolean {
  return text.length === 0 || (text.length <= 4 && MISSING_WORDS.has(text));
}

/** A date, or a date and time with an optional time zone; UTC by default. */
export const DATE = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:?\d{2})?)?$/;

/** Milliseconds since 1970 of an ISO 8601 date or time; undefined for any other text. */
export function parseDate(text: string): number | undefined {
  if (text.length < 10 || !DATE.test(text)) return undefined;
  const hasZone = /(?:Z|[+-]\d{2}:?\d{2})$/.test(text.slice(10));
  // Date.parse reads February 30 as March 2
  const day = Number(text.slice(8, 10));
  if (day > 28 && new Date(Date.UTC(+text.slice(0, 4), +text.slice(5, 7) - 1, day)).getUTCDate() !== day)
    return undefined;
  const ms = Date.parse(`${text.replace(' ', 'T')}${hasZone || text.length === 10 ? '' : 'Z'}`);
  return Number.isNaN(ms) ? undefined : ms;
}

/** Read true or false in any case; undefined for any other text. */
export function parseBoolean(text: string): boolean | undefined {
  if (text.length !== 4 && text.length !== 5) return undefined;
  const word = text.toLowerCase();
  return word === 'true' ? true : word === 'false' ? false : undefined;
}

/**
 * Convert a value of a typed format to a cell.
 *
 * @throws {InputError} on a list, an object or bytes
 */
export function toCell(value: unknown, location: CellLocation, row: number, column: string): Cell {
  if (value === null || value === undefined) return null;
  switch (typeof value) {
    case 'number':
      return Number.isNaN(value) ? null : value;
    case 'bigint':
      return Number(value);
    case 'string':
    case 'boolean':
      return value;
  }
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value;
  throw new InputError(
    `${showLocation(location, row, column)}: nested and binary values are not supported, got ${quote(value)}; drop the column`,
  );
}
