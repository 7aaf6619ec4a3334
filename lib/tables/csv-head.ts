// The head of a CSV or TSV file: its separator, the names of its columns, and where its rows begin.

import { isUtf8 } from 'node:buffer';
import { InputError } from '../base/errors.ts';
import { quote } from '../base/quote.ts';
import { parseNumber } from './csv-number.ts';
import { readFirstRow } from './csv-rows.ts';
import { CSV_STATE, scanRows } from './csv-states.ts';
import type { TextLayout, TextOptions } from './file-layout.ts';
import type { ByteSource } from './source.ts';

/** Lines skipped, and the first row, are read at once. */
const HEAD_BYTES = 4 * 1024 ** 2;
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];
const SEPARATORS = [',', '\t', ';', '|'];

/**
 * @throws {InputError} on an empty file, another encoding, columns of one name, or a header without rows
 */
export async function readCsvHead(source: ByteSource, { skipRows = 0, header }: TextOptions = {}): Promise<TextLayout> {
  const head = await source.read(0, Math.min(source.size, HEAD_BYTES));
  const isWhole = head.length === source.size;
  checkEncoding(head, source.name);
  const start = skipLines(head, findTextStart(head), skipRows, source.name);
  const rest = head.subarray(start);
  if (rest.every(isSpace)) throw new InputError(`${source.name} is empty: it must have a header and rows`);
  checkLineEnds(rest, source.name);
  const separator = /\.(tsv|tab)(\.|$)/i.test(source.name) ? '\t' : guessSeparator(rest);
  if (!isWhole && scanRows(rest, separator)[CSV_STATE.rowStart].numRows === 0) {
    throw new InputError(
      `${source.name}: the first row has more than ${HEAD_BYTES} bytes; is a quote not closed, or are line feeds missing?`,
    );
  }
  const first = readFirstRow(rest, separator, { file: source.name, rowStart: -1 });
  const hasHeader = header ?? isHeader(first.cells);
  const names = hasHeader ? nameColumns(first.cells, source.name) : first.cells.map((_, i) => String(i));
  const dataStart = hasHeader ? start + first.end : start;
  if (isWhole && head.subarray(dataStart).every(isSpace)) {
    throw new InputError(
      `${source.name} has a header only (${names.slice(0, 5).join(', ')}${names.length > 5 ? ', …' : ''}) and no rows`,
    );
  }
  return { format: 'csv', names, separator, dataStart };
}

const isSpace = (byte: number) => byte === 10 || byte === 13 || byte === 32 || byte === 9;

/** Where the text begins, after a byte order mark. */
export function findTextStart(head: Uint8Array): number {
  return BYTE_ORDER_MARK.every((byte, i) => head[i] === byte) ? BYTE_ORDER_MARK.length : 0;
}

/** @throws {InputError} on UTF-16 or UTF-32, which begin with a mark or have zeros between letters */
export function checkEncoding(head: Uint8Array, file: string): void {
  const isMarked = (head[0] === 0xff && head[1] === 0xfe) || (head[0] === 0xfe && head[1] === 0xff);
  if (isMarked || head.subarray(0, 1000).includes(0)) {
    throw new InputError(
      `${file} is not UTF-8 text: it has ${isMarked ? 'the mark of UTF-16' : 'zero bytes'}; convert it, for example with iconv -t UTF-8`,
    );
  }
}

/** @throws {InputError} naming the row that is not UTF-8; rows are those of a CSV or JSON Lines file */
export function checkUtf8(bytes: Uint8Array, file: string, sayRowAt: (byte: number) => string): void {
  if (isUtf8(bytes)) return;
  const at = firstBadByte(bytes);
  const found = [...bytes.subarray(at, at + 3)].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
  const around = new TextDecoder('latin1')
    .decode(bytes.subarray(Math.max(0, at - 20), at + 20))
    .replace(/[\r\n]+/g, ' ');
  throw new InputError(
    `${sayRowAt(at)} is not UTF-8: bytes ${found}, in Latin-1 ${quote(around)}; convert ${file}, for example with iconv -f LATIN1 -t UTF-8`,
  );
}

function firstBadByte(bytes: Uint8Array): number {
  // the longest prefix that is UTF-8, or would be if it went on
  let low = 0;
  let high = bytes.length;
  const isGood = (end: number) => {
    try {
      new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(0, end), { stream: true });
      return true;
    } catch {
      return false;
    }
  };
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if (isGood(middle)) low = middle;
    else high = middle;
  }
  // what goes on may be the beginning of a letter
  let at = low;
  while (!isUtf8(bytes.subarray(0, at))) at--;
  return at;
}

function skipLines(head: Uint8Array, start: number, count: number, file: string): number {
  let at = start;
  for (let line = 0; line < count; line++) {
    const end = head.indexOf(10, at);
    if (end < 0)
      throw new InputError(
        `${file} has ${line + 1} ${line === 0 ? 'line' : 'lines'} where skipRows says ${count} come before the table`,
      );
    at = end + 1;
  }
  return at;
}

/** The separator that divides the first row into most cells; a comma when none does. */
function guessSeparator(bytes: Uint8Array): string {
  const end = bytes.indexOf(10);
  const line = bytes.subarray(0, end < 0 ? bytes.length : end);
  const counts = SEPARATORS.map((separator) => countSeparators(line, separator));
  return SEPARATORS[counts.indexOf(Math.max(...counts))];
}

/** Separators that are not between quotes. */
export function countSeparators(line: Uint8Array, separator: string): number {
  let count = 0;
  let isQuoted = false;
  for (const byte of line) {
    if (byte === 34) isQuoted = !isQuoted;
    else if (!isQuoted && byte === separator.charCodeAt(0)) count++;
  }
  return count;
}

/** @throws {InputError} on lines that end in a carriage return alone: the text would be one row */
function checkLineEnds(bytes: Uint8Array, file: string): void {
  const firstReturn = bytes.indexOf(13);
  if (firstReturn < 0 || firstReturn === bytes.length - 1 || bytes.includes(10)) return;
  throw new InputError(
    `${file}: lines end in carriage returns alone; they must end in line feeds: convert it, for example with tr '\\r' '\\n'`,
  );
}

/** All cells are names; the first may be empty, as that of an index or of row names is. */
function isHeader([first, ...others]: readonly string[]): boolean {
  return others.every(isName) && (isName(first) || (first === '' && others.length > 0));
}

function isName(cell: string): boolean {
  const bytes = new TextEncoder().encode(cell);
  return cell !== '' && Number.isNaN(parseNumber(bytes, 0, bytes.length));
}

/** @throws {InputError} on two columns of one name; columns without one are called by their number */
export function nameColumns(cells: readonly string[], file: string): string[] {
  const names = cells.map((cell, i) => (cell === '' ? String(i) : cell));
  const seen = new Map<string, number>();
  for (const [i, name] of names.entries()) {
    const before = seen.get(name);
    if (before !== undefined) {
      throw new InputError(
        `${file}: columns ${before} and ${i} are both called ${quote(name)}; give each its own name`,
      );
    }
    seen.set(name, i);
  }
  return names;
}
