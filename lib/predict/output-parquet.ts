// Answers as Parquet files, by hyparquet-writer: a row group for each part.

import { parquetMetadata, type RowGroup, type SchemaElement } from 'hyparquet';
import { type BasicType, ByteWriter, ParquetWriter, parquetWriteBuffer } from 'hyparquet-writer';
import type { AnswerColumn } from './answer-columns.ts';
import type { Joiner } from './joiner.ts';

const CREATED_BY = 'arvoredo';
const MAGIC_BYTES = 4;
const TAIL_BYTES = 8; // length of the metadata, and the magic

const TYPES: Record<AnswerColumn['type'], BasicType> = {
  row: 'INT64',
  number: 'DOUBLE',
  truth: 'BOOLEAN',
  text: 'STRING',
};

export function writeParquet(columns: readonly AnswerColumn[]): Uint8Array {
  const numRows = columns[0].values.length;
  const buffer = parquetWriteBuffer({
    createdBy: CREATED_BY,
    statistics: false,
    rowGroupSize: numRows,
    columnData: columns.map((column) => ({
      name: column.name,
      data: column.type === 'row' ? BigInt64Array.from(column.values, BigInt) : column.values,
      type: TYPES[column.type],
      nullable: column.type === 'text' && column.isPassedOn, // the same in all parts
      offsetIndex: false,
    })),
  });
  return new Uint8Array(buffer);
}

/** The row groups of all, and metadata that know where they are. */
export function joinParquet(): Joiner {
  const writer = new ByteWriter();
  let parquet: ParquetWriter | undefined;
  let at = MAGIC_BYTES;
  return {
    add(file) {
      const metadata = parquetMetadata(new Uint8Array(file).buffer);
      const isFirst = parquet === undefined;
      parquet ??= newWriter(writer, metadata.schema);
      const end = file.length - TAIL_BYTES - metadata.metadata_length;
      for (const group of metadata.row_groups) parquet.row_groups.push(moveGroup(group, BigInt(at - MAGIC_BYTES)));
      parquet.num_rows += metadata.num_rows;
      at += end - MAGIC_BYTES;
      return [file.subarray(isFirst ? 0 : MAGIC_BYTES, end)];
    },
    end() {
      parquet!.finish();
      return [writer.getBytes().subarray(MAGIC_BYTES)];
    },
  };
}

/** It writes nothing but the magic and the metadata here. */
function newWriter(writer: ByteWriter, schema: SchemaElement[]): ParquetWriter {
  return new ParquetWriter({ writer, schema, createdBy: CREATED_BY });
}

function moveGroup(group: RowGroup, bytes: bigint): RowGroup {
  const moved = (offset: bigint | undefined) => (offset === undefined ? undefined : offset + bytes);
  return {
    ...group,
    file_offset: moved(group.file_offset),
    columns: group.columns.map(({ meta_data, ...chunk }) => ({
      ...chunk,
      file_offset: chunk.file_offset + bytes,
      meta_data: meta_data && {
        ...meta_data,
        data_page_offset: meta_data.data_page_offset + bytes,
        dictionary_page_offset: moved(meta_data.dictionary_page_offset),
      },
    })),
  };
}
