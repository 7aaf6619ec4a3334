// Scan: find where rows end in one range of a text file, or unpack a compressed file and scan its pieces.

import { scanRows, type Transition } from '../tables/csv-states.ts';
import { objectSource } from '../tables/source.ts';
import { unpack } from '../tables/unpack.ts';
import type { Inputs } from './inputs.ts';
import type { ReadContext } from './open.ts';

/** `data/scan-00000.json`. */
export interface ScanResult {
  /** What each range does: one range, or all pieces of a compressed file. */
  passages: Transition[][];
  /** Bytes of each piece; null for a file that is not compressed. */
  pieces: number[] | null;
}

export async function scanInput(context: ReadContext, inputs: Inputs, scanIndex: number): Promise<ScanResult> {
  const { fileIndex, start, end } = inputs.scans[scanIndex];
  const file = inputs.files[fileIndex];
  const { layout, compression } = file;
  const separator = 'separator' in layout ? layout.separator : null;
  const source = objectSource(context.objects, file);
  if (!compression) return { passages: [scanRows(await source.read(start, end), separator)], pieces: null };
  const passages: Transition[][] = [];
  const pieces: number[] = [];
  const dataStart = 'dataStart' in layout ? layout.dataStart : 0;
  let total = 0;
  for await (const piece of unpack(source, compression, inputs.partBytes)) {
    await context.store.create(context.pieceKey(fileIndex, pieces.length), piece);
    // what comes before the first row is none of it
    const skipped = Math.min(piece.length, Math.max(0, dataStart - total));
    passages.push(scanRows(piece.subarray(skipped), separator));
    pieces.push(piece.length);
    total += piece.length;
  }
  return { passages, pieces };
}
