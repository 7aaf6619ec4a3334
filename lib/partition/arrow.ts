// Partitions as Apache Arrow IPC files: see format.md beside this file.

import {
  type Column,
  columnFromArray,
  columnFromValues,
  type DataType,
  float32,
  float64,
  tableFromColumns,
  tableFromIPC,
  tableToIPC,
  uint8,
  uint16,
  uint32,
} from '@uwdata/flechette';
import { FormatError } from '../errors.ts';
import type { BinnedRows, RawRows } from './rows.ts';

type Values = Float32Array | Float64Array | Uint8Array | Uint16Array | Uint32Array;

/** Raises with every change of a byte's meaning. */
const VERSION = 1;
const METADATA_KEY = 'arvoredo';

type Kind = 'raw' | 'binned' | 'sample' | 'oob';

/** Rows as an Arrow IPC file. The same rows give the same bytes. */
export function encodeRaw(rows: RawRows): Uint8Array {
  return encode('raw', rows.columns, { label: rows.labels, rowIndex: rows.rowIndex });
}

/** Binned rows as an Arrow IPC file. */
export function encodeBinned(rows: BinnedRows): Uint8Array {
  return encode('binned', rows.columns, { label: rows.labels, rowIndex: rows.rowIndex });
}

/** A sample for the bin edges: values, and the priority that each row was drawn by. */
export interface Sample {
  numRows: number;
  rowIndex: Uint32Array;
  priority: Uint32Array;
  columns: Float32Array[];
}

export function encodeSample(sample: Sample): Uint8Array {
  return encode('sample', sample.columns, { priority: sample.priority, rowIndex: sample.rowIndex });
}

/**
 * @param key names the file in errors
 * @throws {FormatError} when the bytes are no raw partition of this version
 */
export function decodeRaw(bytes: Uint8Array, key: string): RawRows {
  const { numRows, features, get } = decode('raw', bytes, key);
  return {
    numRows,
    columns: features as Float32Array[],
    labels: get('label') as Uint16Array,
    rowIndex: get('rowIndex') as Uint32Array,
  };
}

/** @throws {FormatError} when the bytes are no binned partition of this version */
export function decodeBinned(bytes: Uint8Array, key: string): BinnedRows {
  const { numRows, features, get } = decode('binned', bytes, key);
  return {
    numRows,
    columns: features as Uint8Array[],
    labels: get('label') as Uint16Array,
    rowIndex: get('rowIndex') as Uint32Array,
  };
}

/** @throws {FormatError} when the bytes are no sample of this version */
export function decodeSample(bytes: Uint8Array, key: string): Sample {
  const { numRows, features, get } = decode('sample', bytes, key);
  return {
    numRows,
    columns: features as Float32Array[],
    priority: get('priority') as Uint32Array,
    rowIndex: get('rowIndex') as Uint32Array,
  };
}

/** What a group of trees says about the training rows that each of them did not see. */
export interface OobRows {
  /** Class of each row. */
  labels: Uint16Array;
  /** Trees that did not see each row. */
  numTrees: Uint32Array;
  /** Sum over those trees of the fraction of each class, in 2^-32ths, one array per class. */
  sums: Float64Array[];
}

export function encodeOob({ labels, numTrees, sums }: OobRows): Uint8Array {
  return encode('oob', sums, { label: labels, numTrees });
}

/** @throws {FormatError} when the bytes are no out-of-bag sums of this version */
export function decodeOob(bytes: Uint8Array, key: string): OobRows {
  const { features, get } = decode('oob', bytes, key);
  return {
    labels: get('label') as Uint16Array,
    numTrees: get('numTrees') as Uint32Array,
    sums: features as Float64Array[],
  };
}

function encode(kind: Kind, features: readonly Values[], others: Record<string, Values>): Uint8Array {
  const columns: Record<string, Column<unknown>> = {};
  for (const [j, values] of features.entries()) columns[`f${j}`] = toColumn(values);
  for (const [name, values] of Object.entries(others)) columns[name] = toColumn(values);
  const table = tableFromColumns(columns);
  table.schema.metadata = new Map([[METADATA_KEY, JSON.stringify({ version: VERSION, kind })]]);
  return tableToIPC(table, { format: 'file' })!;
}

function toColumn(values: Values): Column<unknown> {
  // no rows: the library infers the type from a batch, and there is none
  return values.length > 0 ? columnFromArray(values) : columnFromValues(() => {}, typeOf(values));
}

function typeOf(values: Values): DataType {
  if (values instanceof Float32Array) return float32();
  if (values instanceof Float64Array) return float64();
  if (values instanceof Uint8Array) return uint8();
  return values instanceof Uint16Array ? uint16() : uint32();
}

function decode(kind: Kind, bytes: Uint8Array, key: string) {
  const expected = kind === 'binned' ? Uint8Array : kind === 'oob' ? Float64Array : Float32Array;
  // typed views need an aligned start, which the body of a response does not promise
  const aligned = bytes.byteOffset % 8 === 0 ? bytes : bytes.slice();
  let table: ReturnType<typeof tableFromIPC>;
  try {
    table = tableFromIPC(aligned);
  } catch (cause) {
    throw new FormatError(`partition ${key}: not an Arrow IPC file; regenerate the dataset`, { cause });
  }
  const metadata = parseMetadata(table.schema.metadata?.get(METADATA_KEY));
  if (metadata?.version !== VERSION) {
    throw new FormatError(
      `partition ${key}: version ${metadata?.version}, this build reads ${VERSION}; regenerate the dataset`,
    );
  }
  if (metadata.kind !== kind) throw new FormatError(`partition ${key}: holds ${metadata.kind} rows, expected ${kind}`);

  const get = (name: string): Values => {
    const column = table.getChild(name);
    if (!column || column.length !== table.numRows)
      throw new FormatError(`partition ${key}: column ${name} is missing or cut short`);
    return column.toArray() as Values;
  };
  const features = table.names.filter((name) => /^f\d+$/.test(String(name))).map((name) => get(String(name)));
  if (table.numRows > 0 && !features.every((values) => values instanceof expected)) {
    throw new FormatError(`partition ${key}: feature columns must be ${expected.name}`);
  }
  return { numRows: table.numRows, features, get };
}

function parseMetadata(text: string | undefined): { version?: number; kind?: string } | undefined {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}
