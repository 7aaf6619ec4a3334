// What of a table file is known before its rows are read. Goes as JSON from one task to the others.

export type Format = 'csv' | 'json-lines' | 'parquet' | 'arrow' | 'npy';

/** Rows that one task reads. */
export interface Part {
  /** What [start, end) counts: bytes of a CSV or JSON Lines file, row groups, record batches, or rows. */
  start: number;
  end: number; // exclusive
  /** Number of the first row in the file, from 0. */
  rowStart: number;
  numRows: number;
}

interface Common {
  /** Names of the columns; where the file has none, their numbers. */
  names: string[];
}

/** Rows are not known yet: ranges of bytes must be scanned for them. */
export interface TextLayout extends Common {
  format: 'csv' | 'json-lines';
  /** Between two cells; null in JSON Lines. */
  separator: string | null;
  /** Where the first row begins. */
  dataStart: number;
}

export interface PartedLayout extends Common {
  format: 'parquet' | 'arrow' | 'npy';
  parts: Part[];
}

export type FileLayout = TextLayout | PartedLayout;

/** How a text file is to be read. */
export interface TextOptions {
  /** Lines before the table. @default 0 */
  skipRows?: number;
  /** Whether the first row has the names; by default it has when each of its cells is a text. */
  header?: boolean;
}

/** Bytes of a task's share of a text file, and of a row group or more that one task reads. */
export const PART_BYTES = 8 * 1024 ** 2;
/** Ranges that a run's files are divided into, about: larger files have larger ones. */
const MANY_PARTS = 256;
/** A task holds its share in memory, several times over. */
const MAX_PART_BYTES = 64 * 1024 ** 2;

/**
 * Bytes of a range, from the size of all files alone: never from the number of functions.
 *
 * @param totalBytes of all files, decompressed where that is known
 */
export function choosePartBytes(totalBytes: number): number {
  const even = Math.ceil(totalBytes / MANY_PARTS / 1024 ** 2) * 1024 ** 2;
  return Math.min(MAX_PART_BYTES, Math.max(PART_BYTES, even));
}
