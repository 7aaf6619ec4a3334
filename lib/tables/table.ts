// One table file of any format: what it is, and the rows of a part of it.

import { InputError } from '../errors.ts';
import { readArrowHead, readArrowPart } from './arrow-file.ts';
import { type Batch, sayCell, sayRow } from './cells.ts';
import { checkUtf8, countSeparators, readCsvHead } from './csv-head.ts';
import { readCsvRows } from './csv-rows.ts';
import { CSV_STATE, scanRows } from './csv-states.ts';
import { readJsonHead, readJsonRows } from './json-lines.ts';
import type { Format, Layout, Part, TextOptions } from './layout.ts';
import { readNpyHead, readNpyPart } from './npy.ts';
import { readParquetHead, readParquetPart } from './parquet.ts';
import type { ByteSource } from './source.ts';

const MAGICS: [Format, string][] = [
  ['parquet', 'PAR1'],
  ['arrow', 'ARROW1'],
  ['npy', '\x93NUMPY'],
];

/** Format of a file, from its first bytes and, for texts, its name. */
function formatOf(head: Uint8Array, name: string): Format {
  const starts = (magic: string) => [...magic].every((letter, i) => head[i] === letter.charCodeAt(0));
  const found = MAGICS.find(([, magic]) => starts(magic));
  if (found) return found[0];
  return /\.(jsonl|ndjson|json)(\.|$)/i.test(name) ? 'json-lines' : 'csv';
}

/**
 * @param source not compressed
 * @param partBytes what one task is to read, about
 * @throws {InputError} on a file that is empty or damaged, or options that have no meaning for its format
 */
export async function readLayout(source: ByteSource, partBytes: number, options: TextOptions = {}): Promise<Layout> {
  const { name, size } = source;
  if (size === 0) throw new InputError(`${name} is empty: it must have a header and rows`);
  const format = formatOf(await source.read(0, Math.min(size, 16)), name);
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
  if (format === 'arrow') return readArrowPart(source, names, part);
  if (format === 'parquet') return readParquetPart(source, names, part, columns);
  const bytes = await source.read(part.start, part.end);
  const place = { file: source.name, rowStart: part.rowStart };
  checkUtf8(bytes, source.name, (at) => {
    const { numRows, lastStart } = scanRows(bytes.subarray(0, at), separator)[CSV_STATE.rowStart];
    if (separator === null) return sayRow(place, numRows);
    const column = countSeparators(bytes.subarray(Math.max(0, lastStart), at), separator);
    return sayCell(place, numRows, names[column] ?? String(column));
  });
  return separator === null ? readJsonRows(bytes, names, place) : readCsvRows(bytes, separator, names, place);
}
