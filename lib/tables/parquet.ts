// Reads Parquet files with hyparquet. A part is one or more row groups.

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
import { type Batch, type Cells, NO_CELLS, toCell } from './cells.ts';
import { nameColumns } from './columns.ts';
import type { Part, PartedLayout } from './file-layout.ts';
import type { ByteSource } from './source.ts';

/** @throws {InputError} on a file that is damaged, truncated or without rows */
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

/** @param columns indexes of the requested columns; others are not read */
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
        const before = chunks.get(columnName) ?? [];
        chunks.set(columnName, [...before, { data: columnData, start, end }]);
      },
    }),
  );
  const location = { file: source.name, rowStart };
  const readCells = (name: string): Cells => {
    const columnChunks = (chunks.get(name) ?? []).sort((a, b) => a.start - b.start);
    const values: unknown[] = [];
    for (const { data, start, end } of columnChunks) {
      for (let row = Math.max(start, rowStart); row < Math.min(end, rowEnd); row++) values.push(data[row - start]);
    }
    if (values.length !== numRows) {
      throw new InputError(
        `${source.name} is damaged: column ${JSON.stringify(name)} has ${values.length} of ${numRows} rows`,
      );
    }
    return { at: (row) => toCell(values[row], location, row, name) };
  };
  const wanted = new Set(columns);
  return { numRows, columns: names.map((name, i) => (wanted.has(i) ? readCells(name) : NO_CELLS)) };
}

function readMetadata(source: ByteSource): Promise<FileMetaData> {
  return guard(source, (file) => parquetMetadataAsync(file));
}

/** Add the name of the file to the library's errors; errors of reading the source stay as they are. */
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
    throw new InputError(`${source.name} is not a valid Parquet file, it may be damaged or truncated: ${message}`, {
      cause,
    });
  }
}
