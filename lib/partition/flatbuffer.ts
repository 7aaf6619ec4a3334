// Flatbuffers, believing nothing: each offset and count is checked against the bytes that are there before anything is
// read or made.
// Source: "FlatBuffers internals", flatbuffers.dev.

import { FormatError } from '../base/errors.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Bytes that are never read outside of; a place that is not within them is an error. */
export class Bytes {
  readonly bytes: Uint8Array;
  readonly data: DataView;
  readonly #most: number;

  /** @param most largest length or place of 64 bits that makes sense */
  constructor(bytes: Uint8Array, most = bytes.length) {
    this.bytes = bytes;
    this.#most = most;
    this.data = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  int32(at: number): number {
    return this.data.getInt32(at, true);
  }

  /** A length or place. */
  int64(at: number): number {
    const value = this.data.getBigInt64(at, true);
    if (value < 0n || value > BigInt(this.#most)) fail(`${value} where ${this.#most} is the most`);
    return Number(value);
  }

  text(at: number, length: number): string {
    return utf8.decode(this.slice(at, length));
  }

  table(at: number): Table {
    return new Table(this, at);
  }

  slice(at: number, length: number): Uint8Array {
    if (!(at >= 0 && length >= 0 && at + length <= this.bytes.length)) fail('a place outside of it');
    return this.bytes.subarray(at, at + length);
  }
}

/** A table. Fields have numbers; one that is not there is undefined. */
export class Table {
  readonly #file: Bytes;
  readonly #at: number;
  readonly #vtable: number;
  readonly #vtableBytes: number;

  /** @param at where the offset to the table is */
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
  /** Where a field is; undefined when it is not there. */
  place = (field: number) => this.#read(field, (at) => at);
  table = (field: number) => this.#read(field, (at) => this.#file.table(at));

  text(field: number, mostBytes: number): string | undefined {
    return this.#read(field, (at) => {
      const [start, length] = this.#counted(at);
      if (length > mostBytes) fail(`a text of ${length} bytes, at most ${mostBytes}`);
      return this.#file.text(start, length);
    });
  }

  /** Where each element is; none when the field is not there. */
  vector(field: number, stride: number): number[] {
    const found = this.#read(field, (at) => {
      const [start, length] = this.#counted(at);
      this.#file.slice(start, length * stride); // before anything is made of that length
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
