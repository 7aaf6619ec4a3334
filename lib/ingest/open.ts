// The bytes of a run's files: where they are, or unpacked pieces of them in the run's own folder.

import { runKeys } from '../keys.ts';
import { nameOf, type Objects, objectSource } from '../objects.ts';
import type { Store } from '../store.ts';
import { type ByteSource, joinedSource } from '../tables/source.ts';
import type { InputFile } from './inputs.ts';

/** Where tasks read from and write to. */
export interface IngestContext {
  runId: string;
  store: Store;
  objects: Objects;
}

/** @param pieces sizes of the pieces that a compressed file was unpacked to */
export function openFile(
  { runId, store, objects }: IngestContext,
  file: InputFile,
  fileIndex: number,
  pieces: readonly number[] | null,
): ByteSource {
  if (!pieces) return objectSource(objects, file);
  const keys = runKeys(runId);
  return joinedSource(
    nameOf(file.uri),
    pieces.map((size, i) => {
      const key = keys.piece(fileIndex, i);
      return { name: key, size, read: async (start, end) => (await store.get(key)).subarray(start, end) };
    }),
  );
}
