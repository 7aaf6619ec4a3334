// Partitions as Apache Arrow IPC files; format.md in this folder describes them.

import {
  type Column,
  columnFromArray,
  columnFromValues,
  type DataType,
  float32,
  float64,
  tableFromColumns,
  tableToIPC,
  uint8,
  uint16,
  uint32,
} from '@uwdata/flechette';
import { FormatError } from '../base/errors.ts';
import { type ArrowTable, readArrow, type Values } from './arrow-reader.ts';
import type { BinnedRows, Labels, RawRows } from './rows.ts';

/** Must be raised when the meaning of a byte changes. */
const VERSION = 1;
const METADATA_KEY = 'arvoredo';

type Kind = 'raw' | 'binned' | 'sample' | 'oob';

/** Encode raw rows as an Arrow IPC file. The same rows give the same bytes. */
export function encodeRaw(rows: RawRows): Uint8Array {
  return encode('raw', rows.columns, { ...otherColumns(rows), ...(rows.sides && { side: rows.sides }) });
}

/** Encode binned rows as an Arrow IPC file. */
export function encodeBinned(rows: BinnedRows): Uint8Array {
  return encode('binned', rows.columns, otherColumns(rows));
}

function otherColumns({ labels, rowIndex, weights }: RawRows | BinnedRows): Record<string, Values> {
  return { label: labels, rowIndex, ...(weights && { weight: weights }) };
}

/** A sample for the bin edges: values, and the priority by which each row was drawn. */
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
 * Decode a raw partition.
 *
 * @param key object key, for errors
 * @throws {FormatError} when the bytes are not a raw partition of this version
 */
export function decodeRaw(bytes: Uint8Array, key: string): RawRows {
  const { numRows, features, labels, get, has } = decode('raw', bytes, key);
  return {
    numRows,
    columns: features(Float32Array),
    labels: labels(),
    rowIndex: get('rowIndex', Uint32Array),
    ...(has('weight') && { weights: get('weight', Float64Array) }),
    ...(has('side') && { sides: get('side', Uint8Array) }),
  };
}

/** @throws {FormatError} when the bytes are not a binned partition of this version */
export function decodeBinned(bytes: Uint8Array, key: string): BinnedRows {
  const { numRows, features, labels, get, has } = decode('binned', bytes, key);
  return {
    numRows,
    columns: features(Uint8Array),
    labels: labels(),
    rowIndex: get('rowIndex', Uint32Array),
    ...(has('weight') && { weights: get('weight', Float64Array) }),
  };
}

/** @throws {FormatError} when the bytes are not a sample of this version */
export function decodeSample(bytes: Uint8Array, key: string): Sample {
  const { numRows, features, get } = decode('sample', bytes, key);
  return {
    numRows,
    columns: features(Float32Array),
    priority: get('priority', Uint32Array),
    rowIndex: get('rowIndex', Uint32Array),
  };
}

/** Out-of-bag predictions of a group of trees: sums over the trees that were not trained on the row. */
interface OobRows {
  labels: Labels;
  /** Number of trees that were not trained on each row. */
  numTrees: Uint32Array;
  /**
   * Sum over those trees of the fraction of each class, in units of 2^-32, one array per class; or of the value, in
   * units.
   */
  sums: Float64Array[];
}

export function encodeOob({ labels, numTrees, sums }: OobRows): Uint8Array {
  return encode('oob', sums, { label: labels, numTrees });
}

/** @throws {FormatError} when the bytes are not out-of-bag sums of this version */
export function decodeOob(bytes: Uint8Array, key: string): OobRows {
  const { features, labels, get } = decode('oob', bytes, key);
  return {
    labels: labels(),
    numTrees: get('numTrees', Uint32Array),
    sums: features(Float64Array),
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
  // the library infers the type from a batch; without rows there is none
  return values.length > 0 ? columnFromArray(values) : columnFromValues(() => {}, arrowType(values));
}

function arrowType(values: Values): DataType {
  if (values instanceof Float32Array) return float32();
  if (values instanceof Float64Array) return float64();
  if (values instanceof Uint8Array) return uint8();
  return values instanceof Uint16Array ? uint16() : uint32();
}

function decode(kind: Kind, bytes: Uint8Array, key: string) {
  const { numRows, columns, metadata } = read(bytes, key);
  const header = parseMetadata(metadata.get(METADATA_KEY));
  if (header?.version !== VERSION) {
    throw new FormatError(`partition ${key}: version ${header?.version}, this build reads ${VERSION}; ${redo(key)}`);
  }
  if (header.kind !== kind) throw new FormatError(`partition ${key}: holds ${header.kind} rows, expected ${kind}`);

  const get = <T extends Values>(name: string, type: new (length: number) => T): T => {
    const values = columns.get(name);
    if (values instanceof type) return values;
    throw new FormatError(`partition ${key}: column ${name} must exist and be a ${type.name}`);
  };
  const names = [...columns.keys()].filter((name) => /^f\d+$/.test(name));
  const features = <T extends Values>(type: new (length: number) => T): T[] => names.map((name) => get(name, type));
  const labels = (): Labels => {
    const values = columns.get('label');
    if (!(values instanceof Float64Array)) return get('label', Uint16Array);
    if (values.every(Number.isFinite)) return values;
    throw new FormatError(`partition ${key}: column label must hold finite values`);
  };
  return { numRows, features, labels, get, has: (name: string) => columns.has(name) };
}

function read(bytes: Uint8Array, key: string): ArrowTable {
  try {
    return readArrow(bytes);
  } catch (cause) {
    const why = cause instanceof FormatError ? cause.message : 'damaged';
    throw new FormatError(`partition ${key}: not an Arrow IPC file of ours: ${why}; ${redo(key)}`, { cause });
  }
}

/** A task runs again when its result object, which has the same key with .json, is missing. */
function redo(key: string): string {
  return `remove ${key} and ${key.replace(/\.arrow$/, '.json')}, then resume the run to recreate them`;
}

function parseMetadata(text: string | undefined): { version?: unknown; kind?: unknown } | null | undefined {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}
