// Maps byte ranges to rows: the bytes of the rows of each range, and the index of its first row.

import { InputError } from '../base/errors.ts';
import { CSV_STATE, type Transition } from './csv-states.ts';

/** Bytes [start, end) of a file. */
export interface ByteRange {
  start: number;
  end: number; // exclusive
}

/** Whole rows of a file. */
interface RowRange extends ByteRange {
  /** Index of the first row in the file, from 0. */
  rowStart: number;
  numRows: number;
}

/** Cut [start, end) into ranges of `rangeBytes`, the last one shorter; an empty interval gives one empty range. */
export function cutRanges(start: number, end: number, rangeBytes: number): ByteRange[] {
  const count = Math.max(1, Math.ceil((end - start) / rangeBytes));
  return Array.from({ length: count }, (_, i) => ({
    start: start + i * rangeBytes,
    end: Math.min(end, start + (i + 1) * rangeBytes),
  }));
}

/**
 * Find the rows that end in each range: they begin after the last row that ended before it.
 *
 * @param ranges of one file, in order and without gaps, from the first row to the end of the file
 * @param transitions result of `scanRows` for each range
 * @param file name in messages
 * @throws {InputError} when a quoted field is still open at the end
 */
export function locateRows(
  ranges: readonly ByteRange[],
  transitions: readonly Transition[][],
  file: string,
): RowRange[] {
  let state: number = CSV_STATE.rowStart;
  let start = ranges[0].start;
  let rowStart = 0;
  const located = ranges.map((range, i): RowRange => {
    const { numRows, lastStart, state: next } = transitions[i][state];
    const rows = { start, end: lastStart < 0 ? start : range.start + lastStart, rowStart, numRows };
    state = next;
    start = rows.end;
    rowStart += numRows;
    return rows;
  });
  if (state === CSV_STATE.quoted) {
    throw new InputError(
      `${file}, row ${rowStart + 1}: a quoted field is not closed; add the closing quote, or double the quote`,
    );
  }
  const last = located[located.length - 1];
  last.end = ranges[ranges.length - 1].end;
  if (state > CSV_STATE.blankReturn) last.numRows++; // the last row has no line feed
  return located;
}
