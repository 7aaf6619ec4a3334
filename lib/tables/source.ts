// Bytes of one file: in memory, in the store, or joined from several sources.

import { type Objects, type PinnedObject, showName } from '../store/objects.ts';

export interface ByteSource {
  /** Name of the file in messages. */
  name: string;
  size: number;
  /**
   * Read bytes [start, end), always of the same version of the file.
   *
   * @throws {InputError} when the file has changed
   */
  read(start: number, end: number): Promise<Uint8Array>;
}

/** A file in memory. */
export function memorySource(name: string, bytes: Uint8Array): ByteSource {
  return { name, size: bytes.length, read: async (start, end) => bytes.subarray(start, end) };
}

/** An object in the store, as it was when it was found. */
export function objectSource(objects: Objects, object: PinnedObject): ByteSource {
  return {
    name: showName(object.uri),
    size: object.size,
    read: async (start, end) => (start >= end ? new Uint8Array(0) : objects.read(object, start, end)),
  };
}

/** Several sources concatenated, as the chunks of one file. */
export function joinedSource(name: string, chunks: readonly ByteSource[]): ByteSource {
  const starts: number[] = [];
  let size = 0;
  for (const chunk of chunks) {
    starts.push(size);
    size += chunk.size;
  }
  return {
    name,
    size,
    async read(start, end) {
      const bytes = new Uint8Array(Math.max(0, end - start));
      for (const [i, chunk] of chunks.entries()) {
        const from = Math.max(start, starts[i]);
        const to = Math.min(end, starts[i] + chunk.size);
        if (from < to) bytes.set(await chunk.read(from - starts[i], to - starts[i]), from - start);
      }
      return bytes;
    },
  };
}
