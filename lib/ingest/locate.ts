// Locate: put the scans in order, so that each part of the data is known by its rows.

import { InputError } from '../base/errors.ts';
import { showName } from '../store/objects.ts';
import { type ByteRange, locateRows } from '../tables/csv-ranges.ts';
import type { Part } from '../tables/file-layout.ts';
import type { Inputs } from './inputs.ts';
import type { ScanResult } from './scan.ts';

/** Rows that one task ingests. */
export interface InputPart extends Part {
  fileIndex: number;
  /** Number of its first row in the whole data set. */
  rowIndex: number;
}

/** `data/parts.json`. */
export interface Parts {
  parts: InputPart[];
  /** Sizes of the pieces of each file; null for one that is not compressed. */
  pieces: (number[] | null)[];
  numRows: number;
}

/** The files of a table, and the parts in which tasks read it. */
export interface LocatedTable {
  inputs: Inputs;
  parts: Parts;
}

const MAX_ROWS = 4294967295; // a row index is an unsigned 32-bit integer

/**
 * @param scans of `inputs.scans`, in their order
 * @throws {InputError} on a quote that nothing closes, no rows, or too many of them
 */
export function locateParts(inputs: Inputs, scans: readonly ScanResult[]): Parts {
  const parts: InputPart[] = [];
  const pieces: Parts['pieces'] = [];
  let numRows = 0;
  for (const [fileIndex, file] of inputs.files.entries()) {
    const mine = inputs.scans.flatMap((range, i) => (range.fileIndex === fileIndex ? [{ range, scan: scans[i] }] : []));
    const packed = file.compression ? mine[0].scan.pieces : null;
    pieces.push(packed);
    for (const part of listParts(file, mine, packed)) {
      if (part.numRows > 0) parts.push({ ...part, fileIndex, rowIndex: numRows });
      numRows += part.numRows;
    }
  }
  if (numRows === 0) throw new InputError(`${showName(inputs.files[0].uri)} has a header only and no rows`);
  if (numRows > MAX_ROWS) throw new InputError(`data has ${numRows} rows, at most ${MAX_ROWS} are allowed`);
  return { parts, pieces, numRows };
}

function listParts(
  { uri, layout }: Inputs['files'][number],
  scanned: { range: ByteRange; scan: ScanResult }[],
  pieces: readonly number[] | null,
): Part[] {
  if ('parts' in layout) return layout.parts;
  const ranges = pieces ? pieceRanges(pieces, layout.dataStart) : scanned.map(({ range }) => range);
  const passages = scanned.flatMap(({ scan }) => scan.passages);
  return locateRows(ranges, passages, showName(uri));
}

/** Bytes of each piece, from the first row on. */
function pieceRanges(pieces: readonly number[], dataStart: number): ByteRange[] {
  let end = 0;
  return pieces.map((size) => {
    const start = Math.max(dataStart, end);
    end += size;
    return { start: Math.min(start, end), end };
  });
}
