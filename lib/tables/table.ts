// Reads table files of any format: the layout of a file, and the rows of a part of it.

import { InputError } from '../base/errors.ts';
import { readArrowHead, readArrowPart } from './arrow-file.ts';
import { type Batch, showLocation, showRow } from './cells.ts';
import { countSeparators, readCsvHead } from './csv-head.ts';
import { readCsvRows } from './csv-rows.ts';
import { CSV_STATE, scanRows } from './csv-states.ts';
import type { FileLayout, Format, Part, TextOptions } from './file-layout.ts';
import { readJsonHead, readJsonRows } from './json-lines.ts';
import { readNpyHead, readNpyPart } from './npy.ts';
import { readParquetHead, readParquetPart } from './parquet.ts';
import type { ByteSource } from './source.ts';
import { checkUtf8 } from './text-encoding.ts';

const MAGICS: [Format, string][] = [
  ['parquet', 'PAR1'],
  ['arrow', 'ARROW1'],
  ['arrow', '\xff\xff\xff\xff'], // a stream
  ['npy', '\x93NUMPY'],
];

/** Common formats of tables that are not supported. */
const OTHER_MAGICS: [magic: string, what: string][] = [
  ['FEA1\0\0\0\0', 'a Feather file of version 1; write it as version 2'],
  ['PK\x03\x04', 'a ZIP archive, as Excel and .npz files are; save the table as CSV or Parquet'],
  ['BZh91AY', 'compressed with bzip2; compress it with gzip or zstd'],
  ['\xfd7zXZ', 'compressed with xz; compress it with gzip or zstd'],
];

function startsWith(head: Uint8Array, magic: string): boolean {
  return [...magic].every((letter, i) => head[i] === letter.charCodeAt(0));
}

/**
 * Detect the format of a file from its first bytes and, for text files, its name.
 *
 * @throws {InputError} on a format that is not supported
 */
function detectFormat(head: Uint8Array, name: string): Format {
  const found = MAGICS.find(([, magic]) => startsWith(head, magic));
  if (found) return found[0];
  const other = OTHER_MAGICS.find(([magic]) => startsWith(head, magic));
  if (other) throw new InputError(`${name} is ${other[1]}`);
  return /\.(jsonl|ndjson|json)(\.|$)/i.test(name) ? 'json-lines' : 'csv';
}

/**
 * Read what is known of a file before its rows are read.
 *
 * @param source must not be compressed
 * @param partBytes bytes that one task reads, approximately
 * @throws {InputError} on a file that is empty or damaged, or options that have no effect on its format
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
    throw new InputError(`skipRows and header have no effect on ${format} files, and ${name} is one; remove them`);
  }
  if (format === 'npy') return readNpyHead(source, partBytes);
  return format === 'parquet' ? readParquetHead(source, partBytes) : readArrowHead(source, partBytes);
}

/**
 * Read the rows of a part.
 *
 * @param columns indexes of the requested columns; others may have no cells
 * @throws {InputError} on rows that do not match the columns, or text that is not UTF-8
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
  const location = { file: source.name, rowStart: part.rowStart };
  checkUtf8(bytes, source.name, (at) => {
    const { numRows, lastStart } = scanRows(bytes.subarray(0, at), separator)[CSV_STATE.rowStart];
    if (separator === null) return showRow(location, numRows);
    const column = countSeparators(bytes.subarray(Math.max(0, lastStart), at), separator);
    return showLocation(location, numRows, names[column] ?? String(column));
  });
  return separator === null ? readJsonRows(bytes, names, location) : readCsvRows(bytes, separator, names, location);
}
