// Parquet files, by hyparquet: row groups are what tasks share.

import {
  type AsyncBuffer,
  type DecodedArray,
  type FileMetaData,
  parquetMetadataAsync,
  parquetRead,
  parquetSchema,
} from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { InputError } from '../base/errors.ts';
import { type Batch, type Cells, NO_CELLS } from './cells.ts';
import { nameColumns } from './csv-head.ts';
import type { Part, PartedLayout } from './file-layout.ts';
import { toCell } from './json-lines.ts';
import type { ByteSource } from './source.ts';

/** @throws {InputError} on a file that is damaged, cut short or without rows */
export async function readParquetHead(source: ByteSource, partBytes: number): Promise<PartedLayout> {
  const metadata = await readMetadata(source);
  const names = nameColumns(
    parquetSchema(metadata).children.map(({ element }) => element.name),
    source.name,
  );
  const parts: Part[] = [];
  let rowStart = 0;
  let bytes = Number.POSITIVE_INFINITY;
  for (const [i, group] of metadata.row_groups.entries()) {
    const numRows = Number(group.num_rows);
    // small groups are read together
    if (bytes + Number(group.total_byte_size) > partBytes) {
      parts.push({ start: i, end: i, rowStart, numRows: 0 });
      bytes = 0;
    }
    bytes += Number(group.total_byte_size);
    const part = parts[parts.length - 1];
    part.end = i + 1;
    part.numRows += numRows;
    rowStart += numRows;
  }
  if (rowStart === 0) throw new InputError(`${source.name} is empty: it has no rows`);
  return { format: 'parquet', names, parts };
}

/** @param columns numbers of the columns that are asked for; others are not read */
export async function readParquetPart(
  source: ByteSource,
  names: readonly string[],
  part: Part,
  columns: readonly number[],
): Promise<Batch> {
  const { rowStart, numRows } = part;
  const rowEnd = rowStart + numRows;
  const chunks = new Map<string, { data: DecodedArray; start: number; end: number }[]>();
  const metadata = await readMetadata(source);
  await guard(source, (file) =>
    parquetRead({
      file,
      metadata,
      compressors,
      columns: columns.map((column) => names[column]),
      rowStart,
      rowEnd,
      onChunk: ({ columnName, columnData, rowStart: start, rowEnd: end }) => {
        const known = chunks.get(columnName) ?? [];
        chunks.set(columnName, [...known, { data: columnData, start, end }]);
      },
    }),
  );
  const place = { file: source.name, rowStart };
  const cellsOf = (name: string): Cells => {
    const ofColumn = (chunks.get(name) ?? []).sort((a, b) => a.start - b.start);
    const values: unknown[] = [];
    for (const { data, start, end } of ofColumn) {
      for (let row = Math.max(start, rowStart); row < Math.min(end, rowEnd); row++) values.push(data[row - start]);
    }
    if (values.length !== numRows) {
      throw new InputError(
        `${source.name}: column ${JSON.stringify(name)} has ${values.length} of ${numRows} rows; the file is damaged`,
      );
    }
    return { at: (row) => toCell(values[row], place, row, name) };
  };
  const wanted = new Set(columns);
  return { numRows, columns: names.map((name, i) => (wanted.has(i) ? cellsOf(name) : NO_CELLS)) };
}

function readMetadata(source: ByteSource): Promise<FileMetaData> {
  return guard(source, (file) => parquetMetadataAsync(file));
}

/** Errors of the library say what is wrong with the file, not which file; those of reading it stay as they are. */
async function guard<T>(source: ByteSource, work: (file: AsyncBuffer) => Promise<T>): Promise<T> {
  let readError: unknown;
  const file: AsyncBuffer = {
    byteLength: source.size,
    async slice(start, end = source.size) {
      try {
        const bytes = await source.read(start, end);
        return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
      } catch (error) {
        readError = error;
        throw error;
      }
    },
  };
  try {
    return await work(file);
  } catch (cause) {
    if (readError !== undefined) throw readError;
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new InputError(`${source.name} is damaged or cut short, as a Parquet file: ${message}`, { cause });
  }
}
