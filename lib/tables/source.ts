// Bytes of one file, wherever it is.

import { nameOf, type Objects, type PinnedObject } from '../store/objects.ts';

export interface ByteSource {
  /** What messages call the file. */
  name: string;
  size: number;
  /**
   * Bytes [start, end), from a version of the file that stays the same for as long as the source is used.
   *
   * @throws {InputError} when the file is no longer what it was
   */
  read(start: number, end: number): Promise<Uint8Array>;
}

export function memorySource(name: string, bytes: Uint8Array): ByteSource {
  return { name, size: bytes.length, read: async (start, end) => bytes.subarray(start, end) };
}

/** Several sources end to end, as the pieces of one file. */
export function joinedSource(name: string, pieces: readonly ByteSource[]): ByteSource {
  const starts: number[] = [];
  let size = 0;
  for (const piece of pieces) {
    starts.push(size);
    size += piece.size;
  }
  return {
    name,
    size,
    async read(start, end) {
      const bytes = new Uint8Array(Math.max(0, end - start));
      for (const [i, piece] of pieces.entries()) {
        const from = Math.max(start, starts[i]);
        const to = Math.min(end, starts[i] + piece.size);
        if (from < to) bytes.set(await piece.read(from - starts[i], to - starts[i]), from - start);
      }
      return bytes;
    },
  };
}

export function objectSource(objects: Objects, object: PinnedObject): ByteSource {
  return {
    name: nameOf(object.uri),
    size: object.size,
    read: async (start, end) => (start >= end ? new Uint8Array(0) : objects.read(object, start, end)),
  };
}
