// Where the rows of a CSV file are, found range by range without knowing what came before.
//
// A line feed ends a row unless it is quoted, and whether it is depends on all bytes before. So a range is read under
// every state that it could begin in, and says for each how many rows end in it and in which state it leaves: joined in
// order, the ranges give what one pass gives, wherever the cuts are, even within a quoted field or between CR and LF.
// Source: Mytkowicz et al., "Data-parallel finite-state machines", ASPLOS 2014, doi:10.1145/2541940.2541988.

/** States between two bytes. Quotes have a meaning at the start of a field only, as in Python's csv and in pandas. */
export const CSV_STATE = {
  /** nothing of a row read yet */
  rowStart: 0,
  /** a carriage return at the start of a row: with a line feed it is a blank line, which is no row */
  blankReturn: 1,
  fieldStart: 2,
  unquoted: 3,
  quoted: 4,
  /** after a quote in a quoted field: its end, or the first of two */
  afterQuote: 5,
} as const;
const NUM_CSV_STATES = 6;

const LINE_FEED = 10;
const RETURN = 13;
const QUOTE = 34;
/** What bytes mean. */
const OTHER = 0;
const SEPARATOR = 1;
const END = 2;
const MARK = 3;
const CARRIAGE = 4;
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

/** What a range does to a reader that comes in some state. */
export interface Transition {
  /** Rows that end in the range; blank lines are none. */
  numRows: number;
  /** Byte of the range, from 0, after the last line feed that ended a row or blank line; -1 when none did. */
  lastStart: number;
  /** State after the range. */
  state: number;
}

/** A reader on its way through a range, and those that have come into its state. */
interface Reader {
  state: number;
  numRows: number;
  lastStart: number;
  /** States at the start of the range, with the rows that each had counted more, and its last start until then. */
  origins: { state: number; extraRows: number; lastStart: number }[];
}

/**
 * Read a range under each state that it could begin in.
 *
 * @param separator one byte of ASCII; null where nothing is quoted and each line feed ends a row, as in JSON Lines
 * @returns for each state the passage, shape [NUM_CSV_STATES]
 */
export function scanRows(bytes: Uint8Array, separator: string | null): Transition[] {
  const kinds = classifyBytes(separator);
  let readers: Reader[] = Array.from({ length: NUM_CSV_STATES }, (_, state) => ({
    state,
    numRows: 0,
    lastStart: -1,
    origins: [{ state, extraRows: 0, lastStart: -1 }],
  }));
  // states meet within a few bytes, all but quoted and unquoted ones
  let at = 0;
  for (; at < bytes.length && readers.length > 2; at++)
    readers = joinReaders(readers.map((reader) => pass(reader, bytes, at, at + 1, kinds)));
  const step = 1 << 16;
  for (; at < bytes.length; at += step) {
    readers = joinReaders(readers.map((reader) => pass(reader, bytes, at, Math.min(bytes.length, at + step), kinds)));
  }
  const passages = new Array<Transition>(NUM_CSV_STATES);
  for (const { state, numRows, lastStart, origins } of readers) {
    for (const origin of origins) {
      passages[origin.state] = {
        numRows: numRows + origin.extraRows,
        lastStart: Math.max(lastStart, origin.lastStart),
        state,
      };
    }
  }
  return passages;
}

function classifyBytes(separator: string | null): Uint8Array {
  const kinds = new Uint8Array(256).fill(OTHER);
  kinds[LINE_FEED] = END;
  kinds[RETURN] = CARRIAGE;
  if (separator !== null) {
    kinds[QUOTE] = MARK;
    kinds[separator.charCodeAt(0)] = SEPARATOR;
  }
  return kinds;
}

/** Move a reader over bytes [start, end). */
function pass(reader: Reader, bytes: Uint8Array, start: number, end: number, kinds: Uint8Array): Reader {
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

/** Make one of the readers that are in the same state: from here on they do the same. */
function joinReaders(readers: readonly Reader[]): Reader[] {
  const joined: Reader[] = [];
  for (const reader of readers) {
    const same = joined.find(({ state }) => state === reader.state);
    if (!same) joined.push(reader);
    else
      same.origins = [...settle(same), ...settle(reader).map((origin) => lag(origin, reader.numRows - same.numRows))];
  }
  return joined;
}

/** Give the reader's last start to all that it reads for: those that join it had another. */
function settle(reader: Reader): Reader['origins'] {
  const { origins, lastStart } = reader;
  reader.lastStart = -1;
  return origins.map((origin) => ({ ...origin, lastStart: Math.max(origin.lastStart, lastStart) }));
}

function lag(origin: Reader['origins'][number], extraRows: number): Reader['origins'][number] {
  return { ...origin, extraRows: origin.extraRows + extraRows };
}
