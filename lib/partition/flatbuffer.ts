// Reads FlatBuffers and trusts nothing: each offset and count is checked against the size of the file before anything
// is read or allocated. Source: "FlatBuffers internals", flatbuffers.dev.

import { FormatError } from '../base/errors.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Bytes with bounds checks: an offset outside of them is an error. */
export class Bytes {
  readonly bytes: Uint8Array;
  readonly data: DataView;
  readonly #max: number;

  /** @param max largest valid 64-bit length or offset */
  constructor(bytes: Uint8Array, max = bytes.length) {
    this.bytes = bytes;
    this.#max = max;
    this.data = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  int32(at: number): number {
    return this.data.getInt32(at, true);
  }

  /** A length or offset. */
  int64(at: number): number {
    const value = this.data.getBigInt64(at, true);
    if (value < 0n || value > BigInt(this.#max)) fail(`${value} is above the maximum of ${this.#max}`);
    return Number(value);
  }

  text(at: number, length: number): string {
    return utf8.decode(this.slice(at, length));
  }

  table(at: number): Table {
    return new Table(this, at);
  }

  slice(at: number, length: number): Uint8Array {
    if (!(at >= 0 && length >= 0 && at + length <= this.bytes.length)) fail('an offset is outside of the file');
    return this.bytes.subarray(at, at + length);
  }
}

/** A table. Fields are numbered; a missing one is undefined. */
export class Table {
  readonly #file: Bytes;
  readonly #at: number;
  readonly #vtable: number;
  readonly #vtableBytes: number;

  /** @param at position of the offset to the table */
  constructor(file: Bytes, at: number) {
    this.#file = file;
    this.#at = at + file.data.getUint32(at, true);
    this.#vtable = this.#at - file.int32(this.#at);
    this.#vtableBytes = file.data.getUint16(this.#vtable, true);
  }

  uint8 = (field: number) => this.#read(field, (at) => this.#file.data.getUint8(at));
  int16 = (field: number) => this.#read(field, (at) => this.#file.data.getInt16(at, true));
  int32 = (field: number) => this.#read(field, (at) => this.#file.int32(at));
  int64 = (field: number) => this.#read(field, (at) => this.#file.int64(at));
  /** Position of a field; undefined if it is missing. */
  offset = (field: number) => this.#read(field, (at) => at);
  table = (field: number) => this.#read(field, (at) => this.#file.table(at));

  text(field: number, maxBytes: number): string | undefined {
    return this.#read(field, (at) => {
      const [start, length] = this.#counted(at);
      if (length > maxBytes) fail(`a text has ${length} bytes, at most ${maxBytes} are allowed`);
      return this.#file.text(start, length);
    });
  }

  /** Positions of the elements; empty if the field is missing. */
  vector(field: number, stride: number): number[] {
    const found = this.#read(field, (at) => {
      const [start, length] = this.#counted(at);
      this.#file.slice(start, length * stride); // checks the length before allocating
      return Array.from({ length }, (_, i) => start + i * stride);
    });
    return found ?? [];
  }

  #counted(at: number): [start: number, length: number] {
    const start = at + this.#file.data.getUint32(at, true);
    return [start + 4, this.#file.data.getUint32(start, true)];
  }

  #read<T>(field: number, read: (at: number) => T): T | undefined {
    const entry = 4 + 2 * field;
    if (entry + 2 > this.#vtableBytes) return undefined;
    const offset = this.#file.data.getUint16(this.#vtable + entry, true);
    return offset === 0 ? undefined : read(this.#at + offset);
  }
}

/** @throws {FormatError} always */
export function fail(what: string): never {
  throw new FormatError(what);
}
