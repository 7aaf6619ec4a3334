// The bytes of a run's files: where they are, or unpacked pieces of them in the run's own folder.

import { type Objects, showName } from '../store/objects.ts';
import type { Store } from '../store/store.ts';
import { type ByteSource, joinedSource, objectSource } from '../tables/source.ts';
import type { InputFile } from './inputs.ts';

/** What reads files. */
export interface ReadContext {
  store: Store;
  objects: Objects;
  /** Where the pieces of a packed file lie. */
  pieceKey(fileIndex: number, index: number): string;
}

/** Where the tasks of a run read from and write to. */
export interface IngestContext extends ReadContext {
  runId: string;
}

/** @param pieces sizes of the pieces that a compressed file was unpacked to */
export function openFile(
  { store, objects, pieceKey }: ReadContext,
  file: InputFile,
  fileIndex: number,
  pieces: readonly number[] | null,
): ByteSource {
  if (!pieces) return objectSource(objects, file);
  return joinedSource(
    showName(file.uri),
    pieces.map((size, i) => {
      const key = pieceKey(fileIndex, i);
      return { name: key, size, read: async (start, end) => (await store.get(key)).subarray(start, end) };
    }),
  );
}
