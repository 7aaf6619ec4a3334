// Reads JSON Lines: one object a line, whose keys are the columns.

import { InputError } from '../base/errors.ts';
import { quote } from '../base/quote.ts';
import { CARRIAGE_RETURN, LINE_FEED } from './ascii.ts';
import { type Batch, type Cell, type CellLocation, showRow, toCell } from './cells.ts';
import { nameColumns } from './columns.ts';
import type { TextLayout, TextOptions } from './file-layout.ts';
import type { ByteSource } from './source.ts';
import { checkEncoding, findTextStart } from './text-encoding.ts';

const HEAD_BYTES = 4 * 1024 ** 2;
const UTF8 = new TextDecoder();

/** @throws {InputError} on an empty file, or a first line that is not an object */
export async function readJsonHead(
  source: ByteSource,
  { skipRows = 0, header }: TextOptions = {},
): Promise<TextLayout> {
  if (skipRows > 0 || header !== undefined) {
    throw new InputError(
      `skipRows and header have no effect on JSON Lines, and ${source.name} is read as JSON Lines; remove them`,
    );
  }
  const head = await source.read(0, Math.min(source.size, HEAD_BYTES));
  checkEncoding(head, source.name);
  const dataStart = findTextStart(head);
  let start = dataStart;
  while (head[start] === LINE_FEED || head[start] === CARRIAGE_RETURN) start++;
  if (start >= head.length) throw new InputError(`${source.name} is empty: it must have one object a line`);
  const end = head.indexOf(LINE_FEED, start);
  if (end < 0 && head.length < source.size) {
    throw new InputError(
      `${source.name}: the first line has more than ${HEAD_BYTES} bytes; JSON Lines must have one object a line`,
    );
  }
  const object = parseLine(head.subarray(start, end < 0 ? head.length : end), { file: source.name, rowStart: 0 }, 0);
  return { format: 'json-lines', names: nameColumns(Object.keys(object), source.name), separator: null, dataStart };
}

/**
 * Read whole lines. A missing key and null are missing values.
 *
 * @throws {InputError} on a line that is not an object, a key that the first line does not have, or a value that is a list
 *   or object
 */
export function readJsonRows(bytes: Uint8Array, names: readonly string[], location: CellLocation): Batch {
  const columnByName = new Map(names.map((name, i) => [name, i]));
  const cells: Cell[][] = names.map(() => []);
  let numRows = 0;
  for (let at = 0; at < bytes.length; ) {
    const found = bytes.indexOf(LINE_FEED, at);
    const end = found < 0 ? bytes.length : found;
    const isBlank = end === at || (end === at + 1 && bytes[at] === CARRIAGE_RETURN);
    if (!isBlank) {
      const object = parseLine(bytes.subarray(at, end), location, numRows);
      for (const column of cells) column.push(null);
      for (const [name, value] of Object.entries(object)) {
        const column = columnByName.get(name);
        if (column === undefined) {
          throw new InputError(
            `${showRow(location, numRows)}: key ${quote(name)} is not among those of the first line: ${names.join(', ')}`,
          );
        }
        cells[column][numRows] = toCell(value, location, numRows, name);
      }
      numRows++;
    }
    at = end + 1;
  }
  return { numRows, columns: cells.map((column) => ({ at: (row) => column[row] })) };
}

function parseLine(bytes: Uint8Array, location: CellLocation, row: number): Record<string, unknown> {
  const text = UTF8.decode(bytes);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new InputError(`${showRow(location, row)}: not JSON: ${quote(text)}; a line must hold one object`, { cause });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new InputError(`${showRow(location, row)}: a line must hold one object, got ${quote(value)}`);
  }
  return value as Record<string, unknown>;
}
