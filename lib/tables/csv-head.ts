// Reads the head of a CSV or TSV file: its separator, the names of its columns, and where its rows begin.

import { InputError } from '../base/errors.ts';
import { CARRIAGE_RETURN, isWhitespace, LINE_FEED, QUOTE } from './ascii.ts';
import { nameColumns } from './columns.ts';
import { parseNumber } from './csv-number.ts';
import { readFirstRow } from './csv-rows.ts';
import { CSV_STATE, scanRows } from './csv-states.ts';
import type { TextLayout, TextOptions } from './file-layout.ts';
import type { ByteSource } from './source.ts';
import { checkEncoding, findTextStart } from './text-encoding.ts';

/** The skipped lines and the first row must fit in this. */
const HEAD_BYTES = 4 * 1024 ** 2;
const SEPARATORS = [',', '\t', ';', '|'];

/** @throws {InputError} on an empty file, another encoding, columns with the same name, or a header without rows */
export async function readCsvHead(source: ByteSource, { skipRows = 0, header }: TextOptions = {}): Promise<TextLayout> {
  const head = await source.read(0, Math.min(source.size, HEAD_BYTES));
  const isWhole = head.length === source.size;
  checkEncoding(head, source.name);
  const start = skipLines(head, findTextStart(head), skipRows, source.name);
  const rest = head.subarray(start);
  if (rest.every(isWhitespace)) throw new InputError(`${source.name} is empty: it must have a header and rows`);
  checkLineEnds(rest, source.name);
  const separator = /\.(tsv|tab)(\.|$)/i.test(source.name) ? '\t' : guessSeparator(rest);
  if (!isWhole && scanRows(rest, separator)[CSV_STATE.rowStart].numRows === 0) {
    throw new InputError(
      `${source.name}: the first row has more than ${HEAD_BYTES} bytes; check for an unclosed quote or missing line feeds`,
    );
  }
  const first = readFirstRow(rest, separator, { file: source.name, rowStart: -1 });
  const hasHeader = header ?? isHeader(first.cells);
  const names = hasHeader ? nameColumns(first.cells, source.name) : first.cells.map((_, i) => String(i));
  const dataStart = hasHeader ? start + first.end : start;
  if (isWhole && head.subarray(dataStart).every(isWhitespace)) {
    throw new InputError(
      `${source.name} has a header only (${names.slice(0, 5).join(', ')}${names.length > 5 ? ', …' : ''}) and no rows`,
    );
  }
  return { format: 'csv', names, separator, dataStart };
}

function skipLines(head: Uint8Array, start: number, count: number, file: string): number {
  let at = start;
  for (let line = 0; line < count; line++) {
    const end = head.indexOf(LINE_FEED, at);
    if (end < 0)
      throw new InputError(`${file} has ${line + 1} ${line === 0 ? 'line' : 'lines'}, but skipRows is ${count}`);
    at = end + 1;
  }
  return at;
}

/** The separator that splits the first row into the most cells; a comma if none occurs. */
function guessSeparator(bytes: Uint8Array): string {
  const end = bytes.indexOf(LINE_FEED);
  const line = bytes.subarray(0, end < 0 ? bytes.length : end);
  const counts = SEPARATORS.map((separator) => countSeparators(line, separator));
  return SEPARATORS[counts.indexOf(Math.max(...counts))];
}

/** Count the separators that are not in quotes. */
export function countSeparators(line: Uint8Array, separator: string): number {
  let count = 0;
  let isQuoted = false;
  for (const byte of line) {
    if (byte === QUOTE) isQuoted = !isQuoted;
    else if (!isQuoted && byte === separator.charCodeAt(0)) count++;
  }
  return count;
}

/** @throws {InputError} when lines end with a carriage return only: the text would be one row */
function checkLineEnds(bytes: Uint8Array, file: string): void {
  const firstReturn = bytes.indexOf(CARRIAGE_RETURN);
  if (firstReturn < 0 || firstReturn === bytes.length - 1 || bytes.includes(LINE_FEED)) return;
  throw new InputError(
    `${file}: lines end with carriage returns only; convert them to line feeds, for example with tr '\\r' '\\n'`,
  );
}

/** Whether all cells are names; the first may be empty, as for a column of indexes or row names. */
function isHeader([first, ...others]: readonly string[]): boolean {
  return others.every(isName) && (isName(first) || (first === '' && others.length > 0));
}

function isName(cell: string): boolean {
  const bytes = new TextEncoder().encode(cell);
  return cell !== '' && Number.isNaN(parseNumber(bytes, 0, bytes.length));
}
