// Rows of a CSV or TSV text: where each cell is, and what it holds.

import { InputError } from '../base/errors.ts';
import { quote } from '../base/quote.ts';
import { type Batch, type Cell, type CellLocation, type Cells, isMissingWord, showRow } from './cells.ts';
import { parseNumber } from './csv-number.ts';

const LINE_FEED = 10;
const RETURN = 13;
const QUOTE = 34;
const UTF8 = new TextDecoder('utf-8', { ignoreBOM: true });

/** Cells of a text, row by row: bytes [start, end) of each, of a quoted one those between the quotes. */
interface Fields {
  starts: number[];
  /** Complement of the end (`~end`, below 0) where the cell has doubled quotes. */
  ends: number[];
  numRows: number;
  /** Where the next row begins. */
  end: number;
}

/**
 * Read whole rows.
 *
 * @param bytes rows from the first byte to the last, each but the last ended by a line feed
 * @param names of the columns
 * @throws {InputError} on a row with another number of cells, or a text after a closing quote
 */
export function readCsvRows(
  bytes: Uint8Array,
  separator: string,
  names: readonly string[],
  place: CellLocation,
): Batch {
  const numColumns = names.length;
  const { starts, ends, numRows } = findFields(bytes, separator.charCodeAt(0), place, numColumns);
  return {
    numRows,
    columns: names.map(
      (_, column): Cells => ({
        at: (row) => readCell(bytes, starts[row * numColumns + column], ends[row * numColumns + column]),
      }),
    ),
  };
}

/**
 * The first row as texts, and where the next one begins.
 *
 * @throws {InputError} on a text after a closing quote
 */
export function readFirstRow(
  bytes: Uint8Array,
  separator: string,
  place: CellLocation,
): { cells: string[]; end: number } {
  const { starts, ends, end } = findFields(bytes, separator.charCodeAt(0), place, null, 1);
  return { cells: Array.from(starts, (start, i) => decodeText(bytes, start, ends[i]).trim()), end };
}

/** @param numColumns cells that each row must have; null for any number */
function findFields(
  bytes: Uint8Array,
  separator: number,
  place: CellLocation,
  numColumns: number | null,
  mostRows = Number.POSITIVE_INFINITY,
): Fields {
  const starts: number[] = [];
  const ends: number[] = [];
  let numRows = 0;
  const { length } = bytes;
  let at = 0;
  while (at < length && numRows < mostRows) {
    if (bytes[at] === LINE_FEED) {
      at++;
      continue;
    }
    if (bytes[at] === RETURN && (at + 1 === length || bytes[at + 1] === LINE_FEED)) {
      at += 2;
      continue;
    }
    const before = starts.length;
    for (let isRow = true; isRow; ) {
      if (bytes[at] === QUOTE) {
        const start = at + 1;
        let close = bytes.indexOf(QUOTE, start);
        let isDoubled = false;
        while (close >= 0 && bytes[close + 1] === QUOTE) {
          isDoubled = true;
          close = bytes.indexOf(QUOTE, close + 2);
        }
        if (close < 0) throw new InputError(`${showRow(place, numRows)}: a quote opens a field and nothing closes it`);
        starts.push(start);
        ends.push(isDoubled ? ~close : close);
        at = close + 1;
        if (bytes[at] === RETURN && (at + 1 === length || bytes[at + 1] === LINE_FEED)) at++;
        if (at < length && bytes[at] !== LINE_FEED && bytes[at] !== separator) {
          const text = decodeText(bytes, start, isDoubled ? ~close : close);
          throw new InputError(
            `${showRow(place, numRows)}: a text after the closing quote of ${quote(text)}; double the quotes that are within a quoted cell`,
          );
        }
      } else {
        const start = at;
        while (at < length && bytes[at] !== separator && bytes[at] !== LINE_FEED) at++;
        const isEnd = at === length || bytes[at] === LINE_FEED;
        starts.push(start);
        ends.push(isEnd && at > start && bytes[at - 1] === RETURN ? at - 1 : at);
      }
      isRow = at < length && bytes[at] === separator;
      at++;
    }
    const count = starts.length - before;
    if (numColumns !== null && count !== numColumns) {
      const first = decodeText(bytes, starts[before], ends[before]);
      throw new InputError(
        `${showRow(place, numRows)}: ${count} ${count === 1 ? 'cell' : 'cells'} where the table has ${numColumns} columns; it begins with ${quote(first)}`,
      );
    }
    numRows++;
  }
  return { starts, ends, numRows, end: Math.min(at, length) };
}

function decodeText(bytes: Uint8Array, start: number, end: number): string {
  if (end >= 0) return UTF8.decode(bytes.subarray(start, end));
  return UTF8.decode(bytes.subarray(start, ~end)).replaceAll('""', '"');
}

/** What a cell holds: a number where it spells one, null where there is no value, else its text without outer spaces. */
function readCell(bytes: Uint8Array, start: number, end: number): Cell {
  let from = start;
  let to = end < 0 ? ~end : end;
  while (from < to && (bytes[from] === 32 || bytes[from] === 9)) from++;
  while (to > from && (bytes[to - 1] === 32 || bytes[to - 1] === 9)) to--;
  if (from === to) return null;
  if (bytes[from] <= 57) {
    const number = parseNumber(bytes, from, to); // begins with a digit, a sign or a point
    if (!Number.isNaN(number)) return number;
  }
  const text = decodeText(bytes, from, end < 0 ? ~to : to);
  return isMissingWord(text) ? null : text;
}
