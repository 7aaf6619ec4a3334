// Reads the rows of a CSV or TSV text.

import { InputError } from '../base/errors.ts';
import { quote } from '../base/quote.ts';
import { CARRIAGE_RETURN, DIGIT_9, LINE_FEED, QUOTE, SPACE, TAB } from './ascii.ts';
import { type Batch, type Cell, type CellLocation, type Cells, isMissingWord, showRow } from './cells.ts';
import { parseNumber } from './csv-number.ts';

const UTF8 = new TextDecoder('utf-8', { ignoreBOM: true });

/** Cells of a text, row by row: bytes [start, end) of each; for a quoted cell the bytes between the quotes. */
interface Fields {
  starts: number[];
  /** The complement `~end`, below 0, if the cell has doubled quotes. */
  ends: number[];
  numRows: number;
  /** Position after the last row. */
  end: number;
}

/**
 * Read whole rows.
 *
 * @param bytes whole rows, each but the last ended by a line feed
 * @param names names of the columns
 * @throws {InputError} on a row with another number of cells, an unclosed quote, or text after a closing quote
 */
export function readCsvRows(
  bytes: Uint8Array,
  separator: string,
  names: readonly string[],
  location: CellLocation,
): Batch {
  const numColumns = names.length;
  const { starts, ends, numRows } = new FieldReader(bytes, separator, location).read(numColumns);
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
 * Read the first row as texts.
 *
 * @returns its cells, and the position after it
 * @throws {InputError} on an unclosed quote, or text after a closing quote
 */
export function readFirstRow(
  bytes: Uint8Array,
  separator: string,
  location: CellLocation,
): { cells: string[]; end: number } {
  const { starts, ends, end } = new FieldReader(bytes, separator, location).read(null, 1);
  return { cells: Array.from(starts, (start, i) => decodeText(bytes, start, ends[i]).trim()), end };
}

/** Finds the fields of a text, row by row. */
class FieldReader {
  readonly #bytes: Uint8Array;
  readonly #separator: number;
  readonly #location: CellLocation;
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];
  #at = 0;
  #numRows = 0;

  constructor(bytes: Uint8Array, separator: string, location: CellLocation) {
    this.#bytes = bytes;
    this.#separator = separator.charCodeAt(0);
    this.#location = location;
  }

  /** @param numColumns cells that each row must have; null for any number */
  read(numColumns: number | null, maxRows = Number.POSITIVE_INFINITY): Fields {
    while (this.#numRows < maxRows && this.#skipBlankLines()) {
      const first = this.#starts.length;
      this.#readRow();
      if (numColumns !== null && this.#starts.length - first !== numColumns) this.#failCount(first, numColumns);
      this.#numRows++;
    }
    const end = Math.min(this.#at, this.#bytes.length);
    return { starts: this.#starts, ends: this.#ends, numRows: this.#numRows, end };
  }

  /** @returns whether a row follows */
  #skipBlankLines(): boolean {
    while (this.#at < this.#bytes.length) {
      if (this.#bytes[this.#at] === LINE_FEED) this.#at++;
      else if (this.#isLineEnd(this.#at)) this.#at += 2;
      else return true;
    }
    return false;
  }

  /** Whether there is a carriage return that belongs to a line end. */
  #isLineEnd(at: number): boolean {
    const bytes = this.#bytes;
    return bytes[at] === CARRIAGE_RETURN && (at + 1 === bytes.length || bytes[at + 1] === LINE_FEED);
  }

  #readRow(): void {
    const bytes = this.#bytes;
    const { length } = bytes;
    let at = this.#at;
    for (let isRow = true; isRow; at++) {
      at = bytes[at] === QUOTE ? this.#readQuoted(at + 1) : this.#readPlain(at);
      isRow = at < length && bytes[at] === this.#separator;
    }
    this.#at = at;
  }

  /** @returns the position after the field */
  #readPlain(start: number): number {
    const bytes = this.#bytes;
    const separator = this.#separator;
    const { length } = bytes;
    let at = start;
    while (at < length && bytes[at] !== separator && bytes[at] !== LINE_FEED) at++;
    const isLast = at === length || bytes[at] === LINE_FEED;
    this.#starts.push(start);
    this.#ends.push(isLast && at > start && bytes[at - 1] === CARRIAGE_RETURN ? at - 1 : at);
    return at;
  }

  /**
   * @param start position after the opening quote
   * @returns the position after the field
   */
  #readQuoted(start: number): number {
    const bytes = this.#bytes;
    let close = bytes.indexOf(QUOTE, start);
    let isDoubled = false;
    while (close >= 0 && bytes[close + 1] === QUOTE) {
      isDoubled = true;
      close = bytes.indexOf(QUOTE, close + 2);
    }
    if (close < 0) throw new InputError(`${this.#showRow()}: a quoted field is not closed`);
    const end = isDoubled ? ~close : close;
    this.#starts.push(start);
    this.#ends.push(end);
    const after = this.#isLineEnd(close + 1) ? close + 2 : close + 1;
    if (after >= bytes.length || bytes[after] === LINE_FEED || bytes[after] === this.#separator) return after;
    throw new InputError(
      `${this.#showRow()}: text follows the closing quote of ${quote(decodeText(bytes, start, end))}; double the quotes within a quoted field`,
    );
  }

  #failCount(first: number, numColumns: number): never {
    const count = this.#starts.length - first;
    const text = decodeText(this.#bytes, this.#starts[first], this.#ends[first]);
    throw new InputError(
      `${this.#showRow()}: ${count} ${count === 1 ? 'cell' : 'cells'}, but the table has ${numColumns} columns; the row begins with ${quote(text)}`,
    );
  }

  #showRow(): string {
    return showRow(this.#location, this.#numRows);
  }
}

function decodeText(bytes: Uint8Array, start: number, end: number): string {
  if (end >= 0) return UTF8.decode(bytes.subarray(start, end));
  return UTF8.decode(bytes.subarray(start, ~end)).replaceAll('""', '"');
}

/** Convert a cell: a number if its text is one, null if it is missing, else the text without outer spaces. */
function readCell(bytes: Uint8Array, start: number, end: number): Cell {
  let from = start;
  let to = end < 0 ? ~end : end;
  while (from < to && (bytes[from] === SPACE || bytes[from] === TAB)) from++;
  while (to > from && (bytes[to - 1] === SPACE || bytes[to - 1] === TAB)) to--;
  if (from === to) return null;
  // a number begins with a digit, or with a sign or point, which are below the digits
  if (bytes[from] <= DIGIT_9) {
    const number = parseNumber(bytes, from, to);
    if (!Number.isNaN(number)) return number;
  }
  const text = decodeText(bytes, from, end < 0 ? ~to : to);
  return isMissingWord(text) ? null : text;
}
