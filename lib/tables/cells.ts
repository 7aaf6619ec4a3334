// Cells of a table as they were in the file, whatever its format.

/** What one cell holds; null where it has no value. */
export type Cell = number | string | boolean | Date | null;

/** Cells of one column. */
export interface Cells {
  at(row: number): Cell;
}

/** Of a column that was not asked for. */
export const NO_CELLS: Cells = { at: () => null };

/** Rows of a table, column by column. */
export interface Batch {
  numRows: number;
  columns: Cells[];
}

/** Where rows are, for messages. */
export interface CellLocation {
  /** What messages call the file. */
  file: string;
  /** Number of the first row in the file, from 0; messages count from 1, without the header. */
  rowStart: number;
}

/** A row of the file, as messages say it. */
export function showRow({ file, rowStart }: CellLocation, row: number): string {
  return `${file}, row ${rowStart + row + 1}`;
}

/** A cell, as messages say it. */
export function showLocation(place: CellLocation, row: number, column: string): string {
  return `${showRow(place, row)}, column ${JSON.stringify(column)}`;
}

/** Words that stand for no value in a text file, as pandas has them. */
const MISSING_WORDS = new Set(['NA', 'N/A', 'n/a', '<NA>', '#N/A', 'NaN', 'nan', 'NULL', 'null', 'None']);

/** Whether a text, trimmed, means that there is no value. */
export function isMissingWord(text: string): boolean {
  return text.length === 0 || (text.length <= 4 && MISSING_WORDS.has(text));
}

/** A date, or a date with a time of day and perhaps a zone; without a zone it is UTC. */
export const DATE = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:?\d{2})?)?$/;

/** Milliseconds since 1970 of an ISO 8601 date or time; undefined for any other text. */
export function parseDate(text: string): number | undefined {
  if (text.length < 10 || !DATE.test(text)) return undefined;
  const hasZone = /(?:Z|[+-]\d{2}:?\d{2})$/.test(text.slice(10));
  // Date.parse takes February 30 for March 2
  const day = Number(text.slice(8, 10));
  if (day > 28 && new Date(Date.UTC(+text.slice(0, 4), +text.slice(5, 7) - 1, day)).getUTCDate() !== day)
    return undefined;
  const ms = Date.parse(`${text.replace(' ', 'T')}${hasZone || text.length === 10 ? '' : 'Z'}`);
  return Number.isNaN(ms) ? undefined : ms;
}

/** True or false as a text says it, in any case; undefined for any other text. */
export function parseBoolean(text: string): boolean | undefined {
  if (text.length !== 4 && text.length !== 5) return undefined;
  const word = text.toLowerCase();
  return word === 'true' ? true : word === 'false' ? false : undefined;
}
