// One table file of any format: what it is, and the rows of a part of it.

import { InputError } from '../base/errors.ts';
import { readArrowHead, readArrowPart } from './arrow-file.ts';
import { type Batch, showLocation, showRow } from './cells.ts';
import { checkUtf8, countSeparators, readCsvHead } from './csv-head.ts';
import { readCsvRows } from './csv-rows.ts';
import { CSV_STATE, scanRows } from './csv-states.ts';
import type { FileLayout, Format, Part, TextOptions } from './file-layout.ts';
import { readJsonHead, readJsonRows } from './json-lines.ts';
import { readNpyHead, readNpyPart } from './npy.ts';
import { readParquetHead, readParquetPart } from './parquet.ts';
import type { ByteSource } from './source.ts';

const MAGICS: [Format, string][] = [
  ['parquet', 'PAR1'],
  ['arrow', 'ARROW1'],
  ['arrow', '\xff\xff\xff\xff'], // a stream
  ['npy', '\x93NUMPY'],
];

/** Files that people have tables in and that are not read. */
const OTHER_MAGICS: [magic: string, what: string][] = [
  ['FEA1\0\0\0\0', 'a Feather file of version 1; write it as version 2'],
  ['PK\x03\x04', 'a ZIP archive, as Excel and .npz files are; save the table as CSV or Parquet'],
  ['BZh91AY', 'packed with bzip2; pack it with gzip or zstd'],
  ['\xfd7zXZ', 'packed with xz; pack it with gzip or zstd'],
];

function startsWith(head: Uint8Array, magic: string): boolean {
  return [...magic].every((letter, i) => head[i] === letter.charCodeAt(0));
}

/**
 * Format of a file, from its first bytes and, for texts, its name.
 *
 * @throws {InputError} on a file of another kind
 */
function detectFormat(head: Uint8Array, name: string): Format {
  const found = MAGICS.find(([, magic]) => startsWith(head, magic));
  if (found) return found[0];
  const other = OTHER_MAGICS.find(([magic]) => startsWith(head, magic));
  if (other) throw new InputError(`${name} is ${other[1]}`);
  return /\.(jsonl|ndjson|json)(\.|$)/i.test(name) ? 'json-lines' : 'csv';
}

/**
 * @param source not compressed
 * @param partBytes what one task is to read, about
 * @throws {InputError} on a file that is empty or damaged, or options that have no meaning for its format
 */
export async function readFileLayout(
  source: ByteSource,
  partBytes: number,
  options: TextOptions = {},
): Promise<FileLayout> {
  const { name, size } = source;
  if (size === 0) throw new InputError(`${name} is empty: it must have a header and rows`);
  const format = detectFormat(await source.read(0, Math.min(size, 16)), name);
  if (format === 'csv') return readCsvHead(source, options);
  if (format === 'json-lines') return readJsonHead(source, options);
  if (options.skipRows || options.header !== undefined) {
    throw new InputError(`skipRows and header have no meaning for ${format} files; ${name} is one`);
  }
  if (format === 'npy') return readNpyHead(source, partBytes);
  return format === 'parquet' ? readParquetHead(source, partBytes) : readArrowHead(source, partBytes);
}

/**
 * Rows of a part, with cells in the columns that are asked for.
 *
 * @param columns numbers of those columns
 * @throws {InputError} on rows that don't fit the columns, or text that isn't UTF-8
 */
export async function readPart(
  source: ByteSource,
  { format, names, separator }: { format: Format; names: readonly string[]; separator: string | null },
  part: Part,
  columns: readonly number[],
): Promise<Batch> {
  if (format === 'npy') return readNpyPart(source, part);
  if (format === 'arrow') return readArrowPart(source, names, part, columns);
  if (format === 'parquet') return readParquetPart(source, names, part, columns);
  const bytes = await source.read(part.start, part.end);
  const place = { file: source.name, rowStart: part.rowStart };
  checkUtf8(bytes, source.name, (at) => {
    const { numRows, lastStart } = scanRows(bytes.subarray(0, at), separator)[CSV_STATE.rowStart];
    if (separator === null) return showRow(place, numRows);
    const column = countSeparators(bytes.subarray(Math.max(0, lastStart), at), separator);
    return showLocation(place, numRows, names[column] ?? String(column));
  });
  return separator === null ? readJsonRows(bytes, names, place) : readCsvRows(bytes, separator, names, place);
}
