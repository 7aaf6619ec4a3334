// Finds the rows of a CSV file range by range, without knowing the bytes before a range.
//
// A line feed ends a row unless it is quoted, which depends on all bytes before it. So a range is read from every state
// that it could begin in; for each, a transition records how many rows end in the range and in which state it ends. The
// transitions joined in order give the result of a single pass, wherever the ranges are cut, even within a quoted field
// or between CR and LF. Source: Mytkowicz et al., "Data-parallel finite-state machines", ASPLOS 2014,
// doi:10.1145/2541940.2541988.

import { CARRIAGE_RETURN, LINE_FEED, QUOTE } from './ascii.ts';

/**
 * Parser states between two bytes. Quotes have a meaning at the start of a field only, as in Python's csv and in
 * pandas.
 */
export const CSV_STATE = {
  /** At the start of a row. */
  rowStart: 0,
  /** After a carriage return at the start of a row. With a line feed it is a blank line, which is not a row. */
  blankReturn: 1,
  fieldStart: 2,
  unquoted: 3,
  quoted: 4,
  /** After a quote in a quoted field: its end, or the first of a doubled quote. */
  afterQuote: 5,
} as const;
const NUM_CSV_STATES = 6;

/** Kinds of bytes. */
const OTHER = 0;
const SEPARATOR = 1;
const END = 2; // line feed
const MARK = 3; // quote
const RETURN = 4;
const NUM_KINDS = 5;

/** State that follows each state and kind of byte, shape [state, kind]: other, separator, line feed, quote, return. */
const NEXT = Uint8Array.from([
  ...[3, 2, 0, 4, 1],
  ...[3, 2, 0, 3, 3],
  ...[3, 2, 0, 4, 3],
  ...[3, 2, 0, 3, 3],
  ...[4, 4, 4, 5, 4],
  ...[3, 2, 0, 4, 3],
]);

/** Effect of a range on a parser that enters it in some state. */
export interface Transition {
  /** Rows that end in the range, without blank lines. */
  numRows: number;
  /** Offset in the range after the last line feed that ended a row or blank line; -1 if there is none. */
  lastStart: number;
  /** State after the range. */
  state: number;
}

/** A parser on its way through a range. It also stands for those that have reached the same state. */
interface Reader {
  state: number;
  numRows: number;
  lastStart: number;
  /** States in which they entered the range, with the additional rows and the last start of each until they met. */
  origins: { state: number; extraRows: number; lastStart: number }[];
}

/**
 * Read a range from each state that it could begin in.
 *
 * @param separator one ASCII character; null if nothing is quoted and each line feed ends a row, as in JSON Lines
 * @returns the transition of each state, shape [NUM_CSV_STATES]
 */
export function scanRows(bytes: Uint8Array, separator: string | null): Transition[] {
  const kinds = classifyBytes(separator);
  const advance = (start: number, end: number) => (reader: Reader) => readRange(reader, { bytes, start, end }, kinds);
  let readers: Reader[] = Array.from({ length: NUM_CSV_STATES }, (_, state) => ({
    state,
    numRows: 0,
    lastStart: -1,
    origins: [{ state, extraRows: 0, lastStart: -1 }],
  }));
  // within a few bytes all states meet, except quoted and unquoted ones
  let at = 0;
  for (; at < bytes.length && readers.length > 2; at++) readers = joinReaders(readers.map(advance(at, at + 1)));
  const step = 1 << 16;
  for (; at < bytes.length; at += step) {
    readers = joinReaders(readers.map(advance(at, Math.min(bytes.length, at + step))));
  }
  const transitions = new Array<Transition>(NUM_CSV_STATES);
  for (const { state, numRows, lastStart, origins } of readers) {
    for (const origin of origins) {
      transitions[origin.state] = {
        numRows: numRows + origin.extraRows,
        lastStart: Math.max(lastStart, origin.lastStart),
        state,
      };
    }
  }
  return transitions;
}

function classifyBytes(separator: string | null): Uint8Array {
  const kinds = new Uint8Array(256).fill(OTHER);
  kinds[LINE_FEED] = END;
  kinds[CARRIAGE_RETURN] = RETURN;
  if (separator !== null) {
    kinds[QUOTE] = MARK;
    kinds[separator.charCodeAt(0)] = SEPARATOR;
  }
  return kinds;
}

/** Move a reader over bytes [start, end). */
function readRange(
  reader: Reader,
  { bytes, start, end }: { bytes: Uint8Array; start: number; end: number },
  kinds: Uint8Array,
): Reader {
  let { state, numRows, lastStart } = reader;
  for (let at = start; at < end; at++) {
    const kind = kinds[bytes[at]];
    if (kind === END && state !== CSV_STATE.quoted) {
      if (state > CSV_STATE.blankReturn) numRows++;
      lastStart = at + 1;
    }
    state = NEXT[state * NUM_KINDS + kind];
  }
  return { ...reader, state, numRows, lastStart };
}

/** Join the readers that are in the same state, which behave the same from here on. */
function joinReaders(readers: readonly Reader[]): Reader[] {
  const joined: Reader[] = [];
  for (const reader of readers) {
    const same = joined.find(({ state }) => state === reader.state);
    if (!same) joined.push(reader);
    else
      same.origins = [
        ...settle(same),
        ...settle(reader).map((origin) => addRows(origin, reader.numRows - same.numRows)),
      ];
  }
  return joined;
}

/** Record the reader's last start for all its origins before others join it. */
function settle(reader: Reader): Reader['origins'] {
  const { origins, lastStart } = reader;
  reader.lastStart = -1;
  return origins.map((origin) => ({ ...origin, lastStart: Math.max(origin.lastStart, lastStart) }));
}

function addRows(origin: Reader['origins'][number], extraRows: number): Reader['origins'][number] {
  return { ...origin, extraRows: origin.extraRows + extraRows };
}
