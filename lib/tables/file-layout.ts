// The layout of a table file: what is known before its rows are read. Passed between tasks as JSON.

export type Format = 'csv' | 'json-lines' | 'parquet' | 'arrow' | 'npy';

/** Rows that one task reads. */
export interface Part {
  /** [start, end) counts bytes of a CSV or JSON Lines file, row groups, record batches, or rows of a .npy file. */
  start: number;
  end: number; // exclusive
  /** Index of the first row in the file, from 0. */
  rowStart: number;
  numRows: number;
}

interface Common {
  /** Names of the columns; their numbers if the file has no names. */
  names: string[];
}

/** A text file, in which ranges of bytes must be scanned for rows. */
export interface TextLayout extends Common {
  format: 'csv' | 'json-lines';
  /** Separates two cells; null in JSON Lines. */
  separator: string | null;
  /** Position of the first row. */
  dataStart: number;
}

export interface PartedLayout extends Common {
  format: 'parquet' | 'arrow' | 'npy';
  parts: Part[];
}

export type FileLayout = TextLayout | PartedLayout;

/** How to read a text file. */
export interface TextOptions {
  /** Lines to skip before the table. @default 0 */
  skipRows?: number;
  /** Whether the first row has the names; by default it does if none of its cells is a number. */
  header?: boolean;
}

/** Bytes that one task reads: a range of a text file, or one or more row groups. */
export const PART_BYTES = 8 * 1024 ** 2;
/** Approximate number of ranges that the files of a run are divided into; larger files have larger ranges. */
const MANY_PARTS = 256;
/** A task holds its range in memory several times. */
const MAX_PART_BYTES = 64 * 1024 ** 2;

/**
 * Choose the bytes of a range from the size of all files only, so that results do not depend on the number of
 * functions.
 *
 * @param totalBytes size of all files, decompressed if known
 */
export function choosePartBytes(totalBytes: number): number {
  const even = Math.ceil(totalBytes / MANY_PARTS / 1024 ** 2) * 1024 ** 2;
  return Math.min(MAX_PART_BYTES, Math.max(PART_BYTES, even));
}
