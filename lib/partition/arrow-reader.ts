// Reads an Arrow IPC file of flat columns and trusts nothing: each offset and count is checked against the size of the
// file before anything is read or allocated. A reader for all of Arrow follows counts and nested types without limits:
// one changed byte made it allocate without end. Source: "Arrow columnar format", sections on IPC; field numbers from
// format/Schema.fbs, Message.fbs and File.fbs.

import { Bytes, fail, type Table } from './flatbuffer.ts';

export type Values = Float32Array | Float64Array | Uint8Array | Uint16Array | Uint32Array;

export interface ArrowTable {
  numRows: number;
  /** Views of the file's bytes where they are aligned, in the order of the file, each of shape [numRows]. */
  columns: Map<string, Values>;
  metadata: Map<string, string>;
}

const MAGIC = 'ARROW1';
const INT = 2;
const FLOATING_POINT = 3;
const RECORD_BATCH = 3;
// limits, because many entries of a file can refer to the same large text or column, and so multiply it
const MAX_COLUMNS = 65_538; // features, label, rowIndex, and a weight or side
const MAX_NAME_BYTES = 100;
const MAX_PAIRS = 100;
const MAX_TEXT_BYTES = 65_536;

type ColumnType =
  | typeof Float32Array
  | typeof Float64Array
  | typeof Uint8Array
  | typeof Uint16Array
  | typeof Uint32Array;
const UNSIGNED_BY_BITS = new Map<number, ColumnType>([
  [8, Uint8Array],
  [16, Uint16Array],
  [32, Uint32Array],
]);

/**
 * Read a file of at most one record batch.
 *
 * @throws {FormatError} when the bytes are not such a file: another format, compressed, nested, with nulls, of other types,
 *   of several batches, or damaged. Errors of other classes mean that an offset pointed outside of the file.
 */
export function readArrow(bytes: Uint8Array): ArrowTable {
  const file = new Bytes(bytes);
  const end = bytes.length - MAGIC.length;
  if (end < 12 || file.text(0, MAGIC.length) !== MAGIC || file.text(end, MAGIC.length) !== MAGIC) {
    fail('it must begin and end with ARROW1');
  }
  const footer = file.table(end - 4 - file.int32(end - 4));
  const schema = footer.table(1) ?? fail('no schema');
  if ((schema.int16(0) ?? 0) !== 0) fail('big-endian');
  const fieldsAt = schema.vector(1, 4);
  const pairsAt = schema.vector(2, 4);
  if (fieldsAt.length > MAX_COLUMNS) fail(`${fieldsAt.length} columns, at most ${MAX_COLUMNS}`);
  if (pairsAt.length > MAX_PAIRS) fail(`${pairsAt.length} entries of metadata, at most ${MAX_PAIRS}`);
  const fields = fieldsAt.map((at) => readField(file.table(at)));
  const metadata = new Map(pairsAt.map((at) => readPair(file.table(at))));
  const batches = footer.vector(3, 24);
  if (batches.length > 1) fail(`${batches.length} record batches, expected one`);
  if (footer.vector(2, 24).length > 0) fail('dictionaries');
  const { numRows, views } =
    batches.length === 0 ? emptyBatch(fields) : readBatch(file, file.int64(batches[0]), fields);
  const columns = new Map(fields.map(({ name }, i) => [name, views[i]]));
  if (columns.size < fields.length) fail('two columns have the same name');
  return { numRows, columns, metadata };
}

interface Field {
  name: string;
  type: ColumnType;
}

function readField(field: Table): Field {
  const name = field.text(0, MAX_NAME_BYTES) ?? fail('a column has no name');
  if (field.table(4) || field.vector(5, 4).length > 0) fail(`column ${name} is nested`);
  const type = field.table(3);
  const typeId = field.uint8(2);
  const precision = typeId === FLOATING_POINT ? type?.int16(0) : undefined;
  if (precision === 1) return { name, type: Float32Array };
  if (precision === 2) return { name, type: Float64Array };
  const isUnsigned = typeId === INT && !type?.uint8(1);
  const unsigned = isUnsigned ? UNSIGNED_BY_BITS.get(type?.int32(0) ?? 0) : undefined;
  return { name, type: unsigned ?? fail(`column ${name} has an unsupported type`) };
}

function readPair(pair: Table): [key: string, value: string] {
  return [pair.text(0, MAX_NAME_BYTES) ?? '', pair.text(1, MAX_TEXT_BYTES) ?? ''];
}

interface Batch {
  numRows: number;
  views: Values[];
}

function emptyBatch(fields: readonly Field[]): Batch {
  return { numRows: 0, views: fields.map(({ type }) => new type(0)) };
}

function readBatch(file: Bytes, at: number, fields: readonly Field[]): Batch {
  if (file.int32(at) !== -1) fail('a message has no continuation marker');
  const metadataBytes = file.int32(at + 4);
  const message = file.table(at + 8);
  const batch = message.table(2) ?? fail('an empty message');
  if (message.uint8(1) !== RECORD_BATCH) fail('a message is not a record batch');
  if (batch.table(3)) fail('compressed');
  const numRows = batch.int64(0) ?? 0;
  const nodes = batch.vector(1, 16);
  const buffers = batch.vector(2, 16);
  if (nodes.length !== fields.length || buffers.length !== 2 * fields.length)
    fail('the numbers of columns and buffers do not match');
  const rowBytes = fields.reduce((sum, { type }) => sum + type.BYTES_PER_ELEMENT, 0);
  if (numRows * rowBytes > file.bytes.length) fail(`${numRows} rows of ${rowBytes} bytes are more than the file`);
  const body = at + 8 + metadataBytes;
  const views = fields.map(({ name, type }, i) => {
    if (file.int64(nodes[i]) !== numRows || file.int64(nodes[i] + 8) !== 0)
      fail(`column ${name} is cut short or has nulls`);
    // a column has two buffers: which values are null, then the values
    const values = buffers[2 * i + 1];
    const length = numRows * type.BYTES_PER_ELEMENT;
    if (file.int64(values + 8) < length) fail(`column ${name} is cut short`);
    return view(file, body + file.int64(values), numRows, type);
  });
  return { numRows, views };
}

function view(file: Bytes, at: number, length: number, type: ColumnType): Values {
  const slice = file.slice(at, length * type.BYTES_PER_ELEMENT);
  const aligned = slice.byteOffset % type.BYTES_PER_ELEMENT === 0 ? slice : slice.slice();
  return new type(aligned.buffer as ArrayBuffer, aligned.byteOffset, length);
}
