// Reads Arrow IPC files (Feather V2) and streams of any flat types with flechette. A part is one or more record
// batches.

import { CompressionType, setCompressionCodec, tableFromIPC } from '@uwdata/flechette';
import { decompress as decompressZstd } from 'fzstd';
import { InputError } from '../base/errors.ts';
import { Bytes } from '../partition/flatbuffer.ts';
import { type Batch, type Cells, NO_CELLS, toCell } from './cells.ts';
import { nameColumns } from './columns.ts';
import type { Part, PartedLayout } from './file-layout.ts';
import { decompressLz4Frame } from './lz4-frame.ts';
import type { ByteSource } from './source.ts';

const MAGIC = 'ARROW1';
const BLOCK_BYTES = 24;
const MAX_ROWS = 2 ** 32;
const MAX_FOOTER_BYTES = 64 * 1024 ** 2;
const ALIGNMENT = 8; // flechette makes typed arrays on the bytes
/** Bytes read first of each message of a stream; metadata are rarely longer. */
const MESSAGE_BYTES = 16 * 1024;
/** Types of messages. */
const MESSAGE = { dictionary: 2, batch: 3 };
const rejectEncoding = () => {
  throw new Error('writing is not supported');
};

setCompressionCodec(CompressionType.LZ4_FRAME, { encode: rejectEncoding, decode: decompressLz4Frame });
setCompressionCodec(CompressionType.ZSTD, { encode: rejectEncoding, decode: (bytes) => decompressZstd(bytes).slice() });

/** A message with its body: bytes [start, end) of the file. */
interface Block {
  start: number;
  metadataBytes: number;
  end: number;
}

interface Blocks {
  /** First and last byte (exclusive) of the messages; the schema comes first. */
  start: number;
  end: number;
  dictionaries: Block[];
  batches: Block[];
}

/** @throws {InputError} on a file that is damaged, truncated or without rows */
export async function readArrowHead(source: ByteSource, partBytes: number): Promise<PartedLayout> {
  const blocks = await findBlocks(source);
  const { batches } = blocks;
  const schema = await readSchema(source, blocks);
  const names = nameColumns(
    guard(source, () => tableFromIPC([schema]).schema.fields.map(({ name }) => name)),
    source.name,
  );
  const parts: Part[] = [];
  let rowStart = 0;
  let bytes = Number.POSITIVE_INFINITY;
  for (const [i, block] of batches.entries()) {
    const head = await source.read(block.start, block.start + block.metadataBytes);
    const numRows = guard(source, () => new Bytes(head, MAX_ROWS).table(8).table(2)?.int64(0) ?? 0);
    const size = block.end - block.start;
    if (bytes + size > partBytes) {
      parts.push({ start: i, end: i, rowStart, numRows: 0 });
      bytes = 0;
    }
    bytes += size;
    const part = parts[parts.length - 1];
    part.end = i + 1;
    part.numRows += numRows;
    rowStart += numRows;
  }
  if (rowStart === 0) throw new InputError(`${source.name} is empty: it has no rows`);
  return { format: 'arrow', names, parts };
}

/** @param columns indexes of the requested columns; others have no cells */
export async function readArrowPart(
  source: ByteSource,
  names: readonly string[],
  part: Part,
  columns: readonly number[],
): Promise<Batch> {
  const blocks = await findBlocks(source);
  const { dictionaries, batches } = blocks;
  const schema = await readSchema(source, blocks);
  const messages = await Promise.all(
    [...dictionaries, ...batches.slice(part.start, part.end)].map(async ({ start, end }) => {
      const bytes = await source.read(start, end);
      return bytes.byteOffset % ALIGNMENT === 0 ? bytes : bytes.slice();
    }),
  );
  const table = guard(source, () => tableFromIPC([schema, ...messages], { useDate: true, useBigInt: true }));
  if (table.numRows !== part.numRows) {
    throw new InputError(
      `${source.name} is damaged: it has ${table.numRows} rows, but its batches state ${part.numRows}`,
    );
  }
  const location = { file: source.name, rowStart: part.rowStart };
  const readCells = (name: string, i: number): Cells => {
    const column = table.getChildAt(i);
    // reading the values checks the offsets within a column
    const values = guard(source, () => Array.from({ length: part.numRows }, (_, row) => column.at(row)));
    return { at: (row) => toCell(values[row], location, row, name) };
  };
  const wanted = new Set(columns);
  return { numRows: part.numRows, columns: names.map((name, i) => (wanted.has(i) ? readCells(name, i) : NO_CELLS)) };
}

/** Find the messages: in a file by its footer, in a stream one after the other. */
async function findBlocks(source: ByteSource): Promise<Blocks> {
  const head = await source.read(0, Math.min(4, source.size));
  return isStreamHead(head) ? followStream(source) : readFooter(source);
}

/** Whether a file begins like an Arrow stream. */
function isStreamHead(head: Uint8Array): boolean {
  return head.length >= 4 && head.subarray(0, 4).every((byte) => byte === 255);
}

async function followStream(source: ByteSource): Promise<Blocks> {
  const { name, size } = source;
  const invalid = () => new InputError(`${name} is not a valid Arrow stream, it may be damaged or truncated`);
  const dictionaries: Block[] = [];
  const batches: Block[] = [];
  const seen = new Set<number>();
  for (let start = 0; start < size; ) {
    const head = await source.read(start, Math.min(size, start + MESSAGE_BYTES));
    if (head.length < 8 || !isStreamHead(head)) throw invalid();
    const length = new DataView(head.buffer, head.byteOffset).getInt32(4, true);
    if (length === 0) break;
    const metadataBytes = 8 + length;
    if (length < 0 || start + metadataBytes > size) throw invalid();
    const metadata =
      metadataBytes > head.length ? await source.read(start, start + metadataBytes) : head.subarray(0, metadataBytes);
    const { type, bodyBytes, dictionary } = guard(source, () => {
      const message = new Bytes(metadata, MAX_ROWS).table(8);
      const type = message.uint8(1);
      const dictionary = type === MESSAGE.dictionary ? (message.table(2)?.int64(0) ?? 0) : undefined;
      return { type, bodyBytes: message.int64(3) ?? 0, dictionary };
    });
    const end = start + metadataBytes + bodyBytes;
    if (!(bodyBytes >= 0 && end <= size)) throw invalid();
    const block = { start, metadataBytes, end };
    if (type === MESSAGE.batch) batches.push(block);
    else if (dictionary !== undefined) {
      if (seen.has(dictionary))
        throw new InputError(
          `${name} is an Arrow stream whose dictionaries change, which is not supported; write it as a file (Feather V2)`,
        );
      seen.add(dictionary);
      dictionaries.push(block);
    }
    start = end;
  }
  return { start: 0, end: size, dictionaries, batches };
}

async function readFooter(source: ByteSource): Promise<Blocks> {
  const { name, size } = source;
  const invalid = () =>
    new InputError(`${name} is not a valid Arrow file, it may be damaged or truncated: it must end with ${MAGIC}`);
  if (size < 2 * MAGIC.length + 12) throw invalid();
  const tail = await source.read(size - 10, size);
  if (new TextDecoder('latin1').decode(tail.subarray(4)) !== MAGIC) throw invalid();
  const footerBytes = new DataView(tail.buffer, tail.byteOffset).getInt32(0, true);
  if (footerBytes <= 0 || footerBytes > Math.min(size, MAX_FOOTER_BYTES)) throw invalid();
  const footer = new Bytes(await source.read(size - 10 - footerBytes, size - 10));
  return guard(source, () => {
    const root = footer.table(0);
    const blocks = (field: number) =>
      root.vector(field, BLOCK_BYTES).map((at): Block => {
        const start = Number(footer.data.getBigInt64(at, true));
        const metadataBytes = footer.int32(at + 8);
        const end = start + metadataBytes + Number(footer.data.getBigInt64(at + 16, true));
        if (!(start >= 8 && metadataBytes > 8 && start + metadataBytes <= end && end <= size))
          throw new Error('a block is outside of the file');
        return { start, metadataBytes, end };
      });
    return { start: 8, end: size - 10 - footerBytes, dictionaries: blocks(2), batches: blocks(3) };
  });
}

/** Read the message with the schema, which comes first. */
function readSchema(source: ByteSource, blocks: Blocks): Promise<Uint8Array> {
  const end = [...blocks.dictionaries, ...blocks.batches].reduce(
    (least, { start }) => Math.min(least, start),
    blocks.end,
  );
  return source.read(blocks.start, end);
}

function guard<T>({ name }: ByteSource, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw new InputError(
      `${name} is not a valid Arrow file, it may be damaged or truncated: ${cause instanceof Error ? cause.message : cause}`,
      { cause },
    );
  }
}
