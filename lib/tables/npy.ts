// Reads NumPy's .npy files: one array of numbers, whose last axis is the columns.
// Source: numpy.lib.format, "Format Version 1.0" to "3.0".

import { InputError } from '../base/errors.ts';
import type { Batch, Cell } from './cells.ts';
import type { Part, PartedLayout } from './file-layout.ts';
import type { ByteSource } from './source.ts';

const MAGIC = '\x93NUMPY';
const MAX_HEADER_BYTES = 65_536;
/** Readers by kind and size of the numbers. */
const READERS: Record<string, (view: DataView, at: number, isLittle: boolean) => Cell> = {
  f2: (view, at, isLittle) => toFloat16(view.getUint16(at, isLittle)),
  f4: (view, at, isLittle) => view.getFloat32(at, isLittle),
  f8: (view, at, isLittle) => view.getFloat64(at, isLittle),
  i1: (view, at) => view.getInt8(at),
  i2: (view, at, isLittle) => view.getInt16(at, isLittle),
  i4: (view, at, isLittle) => view.getInt32(at, isLittle),
  i8: (view, at, isLittle) => Number(view.getBigInt64(at, isLittle)),
  u1: (view, at) => view.getUint8(at),
  u2: (view, at, isLittle) => view.getUint16(at, isLittle),
  u4: (view, at, isLittle) => view.getUint32(at, isLittle),
  u8: (view, at, isLittle) => Number(view.getBigUint64(at, isLittle)),
  b1: (view, at) => view.getUint8(at) !== 0,
};

/** Type and order of the numbers in the file. */
interface Shape {
  type: string;
  itemBytes: number;
  isLittle: boolean;
  isColumnMajor: boolean;
  numRows: number;
  numColumns: number;
  dataStart: number;
}

/** @throws {InputError} on another type, more than two axes, no rows, or a truncated file */
export async function readNpyHead(source: ByteSource, partBytes: number): Promise<PartedLayout> {
  const { numRows, numColumns, itemBytes } = await readShape(source);
  const rowsPerPart = Math.max(1, Math.floor(partBytes / (numColumns * itemBytes)));
  const parts = Array.from({ length: Math.ceil(numRows / rowsPerPart) }, (_, i): Part => {
    const rowStart = i * rowsPerPart;
    const rowEnd = Math.min(numRows, rowStart + rowsPerPart);
    return { start: rowStart, end: rowEnd, rowStart, numRows: rowEnd - rowStart };
  });
  return { format: 'npy', names: Array.from({ length: numColumns }, (_, i) => String(i)), parts };
}

/** Read the rows of a part; all columns have cells. */
export async function readNpyPart(source: ByteSource, { start, end, numRows }: Part): Promise<Batch> {
  const shape = await readShape(source);
  const { itemBytes, isLittle, isColumnMajor, numColumns, dataStart } = shape;
  const read = READERS[shape.type];
  const readBytes = async (from: number, count: number) => {
    const bytes = await source.read(dataStart + from * itemBytes, dataStart + (from + count) * itemBytes);
    return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  };
  const toCells = (view: DataView, first: number, stride: number) => ({
    at: (row: number): Cell => {
      const value = read(view, (first + row * stride) * itemBytes, isLittle);
      return Number.isNaN(value) ? null : value;
    },
  });
  if (!isColumnMajor) {
    const view = await readBytes(start * numColumns, (end - start) * numColumns);
    return { numRows, columns: Array.from({ length: numColumns }, (_, j) => toCells(view, j, numColumns)) };
  }
  const columns = [];
  for (let j = 0; j < numColumns; j++) {
    columns.push(toCells(await readBytes(j * shape.numRows + start, end - start), 0, 1));
  }
  return { numRows, columns };
}

/** Convert 16 bits of IEEE 754: a sign, 5 bits of exponent, 10 of fraction. */
function toFloat16(bits: number): number {
  const sign = bits >> 15 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}

async function readShape(source: ByteSource): Promise<Shape> {
  const { name, size } = source;
  const head = await source.read(0, Math.min(size, MAX_HEADER_BYTES));
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  if (head.length < 12 || !MAGIC.split('').every((letter, i) => head[i] === letter.charCodeAt(0))) {
    throw new InputError(`${name} is not a .npy file: it must begin with \\x93NUMPY`);
  }
  const [lengthBytes, length] = head[6] === 1 ? [2, view.getUint16(8, true)] : [4, view.getUint32(8, true)];
  const dataStart = 8 + lengthBytes + length;
  if (dataStart > head.length) throw new InputError(`${name}: the header is truncated`);
  const header = new TextDecoder('latin1').decode(head.subarray(8 + lengthBytes, dataStart));
  const descr = /'descr':\s*'([<>|=])([a-z]\d+)'/.exec(header);
  const shape = /'shape':\s*\(([\d,\s]*)\)/.exec(header);
  if (!descr || !Object.hasOwn(READERS, descr[2]) || !shape) {
    throw new InputError(
      `${name}: the array must hold numbers (${Object.keys(READERS).join(', ')}), got the header ${header.trim()}`,
    );
  }
  const axes = shape[1]
    .split(',')
    .filter((axis) => axis.trim() !== '')
    .map(Number);
  if (axes.length < 1 || axes.length > 2)
    throw new InputError(`${name}: the array must have one or two axes, got shape (${axes.join(', ')})`);
  const [numRows, numColumns = 1] = axes;
  if (numRows === 0 || numColumns === 0) throw new InputError(`${name} is empty: its shape is (${axes.join(', ')})`);
  const itemBytes = Number(descr[2].slice(1));
  const expected = dataStart + numRows * numColumns * itemBytes;
  if (size < expected)
    throw new InputError(
      `${name} is truncated: it has ${size} bytes, but its shape (${axes.join(', ')}) takes ${expected}`,
    );
  return {
    type: descr[2],
    itemBytes,
    isLittle: descr[1] !== '>',
    isColumnMajor: /'fortran_order':\s*True/.test(header) && axes.length === 2,
    numRows,
    numColumns,
    dataStart,
  };
}
