// JSON Lines: an object a line, its keys the columns.

import { InputError } from '../base/errors.ts';
import { quote } from '../base/quote.ts';
import { type Batch, type Cell, type CellLocation, showLocation, showRow } from './cells.ts';
import { checkEncoding, findTextStart, nameColumns } from './csv-head.ts';
import type { TextLayout, TextOptions } from './file-layout.ts';
import type { ByteSource } from './source.ts';

const HEAD_BYTES = 4 * 1024 ** 2;
const UTF8 = new TextDecoder();

/** @throws {InputError} on an empty file, or a first line that is no object */
export async function readJsonHead(
  source: ByteSource,
  { skipRows = 0, header }: TextOptions = {},
): Promise<TextLayout> {
  if (skipRows > 0 || header !== undefined) {
    throw new InputError(`skipRows and header have no meaning for JSON Lines; ${source.name} is read as such`);
  }
  const head = await source.read(0, Math.min(source.size, HEAD_BYTES));
  checkEncoding(head, source.name);
  const dataStart = findTextStart(head);
  let start = dataStart;
  while (head[start] === 10 || head[start] === 13) start++;
  if (start >= head.length) throw new InputError(`${source.name} is empty: it must have an object a line`);
  const end = head.indexOf(10, start);
  if (end < 0 && head.length < source.size) {
    throw new InputError(
      `${source.name}: the first line has more than ${HEAD_BYTES} bytes; JSON Lines have an object a line`,
    );
  }
  const object = parseLine(head.subarray(start, end < 0 ? head.length : end), { file: source.name, rowStart: 0 }, 0);
  return { format: 'json-lines', names: nameColumns(Object.keys(object), source.name), separator: null, dataStart };
}

/**
 * Read whole lines. A key that is not there, and null, is a missing value.
 *
 * @throws {InputError} on a line that is no object, a key that the first line hasn't, or a value that is a list or object
 */
export function readJsonRows(bytes: Uint8Array, names: readonly string[], place: CellLocation): Batch {
  const columnOf = new Map(names.map((name, i) => [name, i]));
  const cells: Cell[][] = names.map(() => []);
  let numRows = 0;
  for (let at = 0; at < bytes.length; ) {
    const found = bytes.indexOf(10, at);
    const end = found < 0 ? bytes.length : found;
    const isBlank = end === at || (end === at + 1 && bytes[at] === 13);
    if (!isBlank) {
      const object = parseLine(bytes.subarray(at, end), place, numRows);
      for (const column of cells) column.push(null);
      for (const [name, value] of Object.entries(object)) {
        const column = columnOf.get(name);
        if (column === undefined) {
          throw new InputError(
            `${showRow(place, numRows)}: key ${quote(name)} is not among those of the first line: ${names.join(', ')}`,
          );
        }
        cells[column][numRows] = toCell(value, place, numRows, name);
      }
      numRows++;
    }
    at = end + 1;
  }
  return { numRows, columns: cells.map((column) => ({ at: (row) => column[row] })) };
}

function parseLine(bytes: Uint8Array, place: CellLocation, row: number): Record<string, unknown> {
  const text = UTF8.decode(bytes);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new InputError(`${showRow(place, row)}: not JSON: ${quote(text)}; a line must hold one object`, { cause });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new InputError(`${showRow(place, row)}: a line must hold one object, got ${quote(value)}`);
  }
  return value as Record<string, unknown>;
}

/**
 * A value of a format that has types as a cell.
 *
 * @throws {InputError} on a list, an object or bytes
 */
export function toCell(value: unknown, place: CellLocation, row: number, column: string): Cell {
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
    `${showLocation(place, row, column)}: lists, objects and bytes are no cells, got ${quote(value)}; drop the column`,
  );
}
