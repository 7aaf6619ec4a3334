// Rows of CSV text: commas, a header, quotes where needed.
// Source: RFC 4180.

import { InputError } from '../errors.ts';
import { quote } from '../quote.ts';
import { BLOCK_ROWS, type RowBlock, type RowSource } from './row-source.ts';

/** Cells that say that a value is missing; an empty one does too. */
const MISSING = new Set(['', 'NA', 'NaN', 'nan', 'null']);
const MAX_CELL = 1_000_000; // letters; a quote that is never closed would else take in the whole file

/** @throws {InputError} when there is no header, or it names a column twice */
export async function csvSource(name: string, pieces: AsyncIterable<Uint8Array>): Promise<RowSource> {
  const records = readRecords(name, pieces);
  const header = await records.next();
  if (header.done) throw new InputError(`${name} is empty; it must have a header and rows`);
  const columnNames = header.value;
  const twice = columnNames.find((column, i) => columnNames.indexOf(column) < i);
  if (twice !== undefined) throw new InputError(`${name} has two columns ${quote(twice)}`);
  return { name, columnNames, blocks: (wanted) => readBlocks(name, columnNames, records, wanted) };
}

async function* readBlocks(
  name: string,
  columnNames: readonly string[],
  records: AsyncIterable<string[]>,
  wanted: readonly number[],
): AsyncGenerator<RowBlock> {
  let rowStart = 0;
  let numRows = 0;
  let columns = wanted.map(() => new Float32Array(BLOCK_ROWS));
  for await (const cells of records) {
    const row = rowStart + numRows;
    if (cells.length !== columnNames.length) {
      if (cells.length === 1 && cells[0] === '') continue; // a blank line
      throw new InputError(`${name}, row ${row}: ${cells.length} cells, the header has ${columnNames.length}`);
    }
    for (const [i, at] of wanted.entries()) {
      const value = toNumber(cells[at]);
      if (value === undefined) {
        throw new InputError(
          `${name}, row ${row}: ${columnNames[at]} must be a number that float32 can hold, got ${quote(cells[at])}`,
        );
      }
      columns[i][numRows] = value;
    }
    numRows++;
    if (numRows < BLOCK_ROWS) continue;
    yield { rowStart, columns };
    rowStart += numRows;
    numRows = 0;
    columns = wanted.map(() => new Float32Array(BLOCK_ROWS));
  }
  if (numRows > 0) yield { rowStart, columns: columns.map((column) => column.slice(0, numRows)) };
}

/** NaN for a missing value, undefined for what is no number. */
function toNumber(cell: string): number | undefined {
  const text = cell.trim();
  if (MISSING.has(text)) return Number.NaN;
  const value = Math.fround(Number(text));
  return Number.isFinite(value) ? value : undefined;
}

/** Records, cell by cell. */
async function* readRecords(name: string, pieces: AsyncIterable<Uint8Array>): AsyncGenerator<string[]> {
  const decoder = new TextDecoder('utf-8', { fatal: true }); // drops a byte order mark
  let cells: string[] = [];
  let cell = '';
  let isQuoted = false;
  let wasQuote = false; // a quote within quotes: an end, or half of a quote in the text
  let wasReturn = false;
  let isEmpty = true;
  const texts = async function* () {
    try {
      for await (const piece of pieces) yield decoder.decode(piece, { stream: true });
      yield decoder.decode();
    } catch (cause) {
      throw cause instanceof TypeError ? new InputError(`${name} is not UTF-8`, { cause }) : cause;
    }
  };
  for await (const text of texts()) {
    for (const letter of text) {
      if (isQuoted && !wasQuote) {
        if (letter === '"') wasQuote = true;
        else cell += letter;
        if (cell.length > MAX_CELL)
          throw new InputError(`${name}: a cell of more than ${MAX_CELL} letters; is a quote not closed?`);
        continue;
      }
      if (letter === '"') {
        if (wasQuote) cell += '"';
        isQuoted = true;
        wasQuote = false;
        isEmpty = false;
        continue;
      }
      isQuoted = false;
      wasQuote = false;
      if (letter === '\n' && wasReturn) {
        wasReturn = false;
        continue;
      }
      wasReturn = letter === '\r';
      if (letter === ',') {
        cells.push(cell);
        cell = '';
        isEmpty = false;
      } else if (letter === '\n' || letter === '\r') {
        yield [...cells, cell];
        cells = [];
        cell = '';
        isEmpty = true;
      } else {
        cell += letter;
        isEmpty = false;
      }
    }
  }
  if (isQuoted && !wasQuote) throw new InputError(`${name}: a quote is not closed`);
  if (!isEmpty) yield [...cells, cell];
}
