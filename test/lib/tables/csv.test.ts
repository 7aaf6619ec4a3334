import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseNumber } from '../../../lib/tables/csv-number.ts';
import { cutRanges, locateRows } from '../../../lib/tables/csv-ranges.ts';
import { readCsvRows, readFirstRow } from '../../../lib/tables/csv-rows.ts';
import { scanRows } from '../../../lib/tables/csv-states.ts';
import { FUZZ_RUNS } from '../../fuzz.ts';

const bytesOf = (text: string) => new TextEncoder().encode(text);
const location = { file: 't.csv', rowStart: 0 };

/** All cells as rows. */
function readAll(bytes: Uint8Array, names: string[], rowStart = 0): unknown {
  const { numRows, columns } = readCsvRows(bytes, ',', names, { ...location, rowStart });
  return Array.from({ length: numRows }, (_, row) => columns.map((cells) => cells.at(row)));
}

/** Rows of a text that is cut at the given positions. */
function readInRanges(bytes: Uint8Array, names: string[], cuts: number[]): unknown[] {
  const ends = [...new Set([...cuts, bytes.length])].sort((a, b) => a - b);
  const ranges = ends.map((end, i) => ({ start: ends[i - 1] ?? 0, end }));
  const located = locateRows(
    ranges,
    ranges.map(({ start, end }) => scanRows(bytes.subarray(start, end), ',')),
    't.csv',
  );
  return located.flatMap(({ start, end, rowStart, numRows }) => {
    const rows = readAll(bytes.subarray(start, end), names, rowStart) as unknown[];
    assert.equal(rows.length, numRows);
    return rows;
  });
}

function outcome(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message}`;
  }
}

test('cells are numbers, texts or missing', () => {
  assert.deepEqual(readAll(bytesOf('1,-2.5e3,a b\r\n"3","x,""y""\n",\n,NA,"NaN"\n'), ['a', 'b', 'c']), [
    [1, -2500, 'a b'],
    [3, 'x,"y"\n', null],
    [null, null, null],
  ]);
});

test('blank lines are not rows, and the last line needs no line feed', () => {
  assert.deepEqual(readAll(bytesOf('\n1,2\r\n\r\n\n3,4'), ['a', 'b']), [
    [1, 2],
    [3, 4],
  ]);
  assert.deepEqual(readAll(bytesOf('1,2\n\r'), ['a', 'b']), [[1, 2]]);
});

test('a quote within an unquoted field is an ordinary character', () => {
  assert.deepEqual(readAll(bytesOf('5" pipe,a"b"\nx,y\n'), ['a', 'b']), [
    ['5" pipe', 'a"b"'],
    ['x', 'y'],
  ]);
});

test('a ragged row and text after a quote are reported with file and row', () => {
  assert.throws(() => readAll(bytesOf('1,2\n3\n'), ['a', 'b'], 7), {
    name: 'InputError',
    message: 't.csv, row 9: 1 cell, but the table has 2 columns; the row begins with "3"',
  });
  assert.throws(
    () => readAll(bytesOf('1,2\n3,4,5\n'), ['a', 'b']),
    /t\.csv, row 2: 3 cells, but the table has 2 columns/,
  );
  assert.throws(() => readAll(bytesOf('1,"2"x\n'), ['a', 'b']), /row 1: text follows the closing quote of "2"/);
});

test('an unclosed quote is reported with the row in which it opens', () => {
  assert.throws(() => readInRanges(bytesOf('1,2\n3,"4\n5,6\n'), ['a', 'b'], [3, 8]), {
    name: 'InputError',
    message: 't.csv, row 2: a quoted field is not closed; add the closing quote, or double the quote',
  });
});

test('the first row ends at its first line feed that is not quoted', () => {
  assert.deepEqual(readFirstRow(bytesOf('a,"b\nc"\r\n1,2\n'), ',', location), { cells: ['a', 'b\nc'], end: 9 });
  assert.deepEqual(readFirstRow(bytesOf('a'), ',', location), { cells: ['a'], end: 1 });
});

// texts of tokens that are hard for CSV parsers
const nasty = fc
  .array(fc.constantFrom('"', '""', ',', '\n', '\r\n', '\r', 'a', '1', ' ', '"a,\n""b"', 'é', '1.5'), { maxLength: 40 })
  .map((parts) => parts.join(''));

test('any cuts give the same rows or error as one pass', () => {
  const cuts = fc.array(fc.nat(60), { maxLength: 8 });
  fc.assert(
    fc.property(nasty, cuts, fc.constantFrom(1, 2, 3), (text, at, numColumns) => {
      const bytes = bytesOf(text);
      const names = ['a', 'b', 'c'].slice(0, numColumns);
      const inOne = outcome(() => readInRanges(bytes, names, []));
      const inMany = outcome(() =>
        readInRanges(
          bytes,
          names,
          at.filter((cut) => cut <= bytes.length),
        ),
      );
      assert.deepEqual(inMany, inOne);
      // the scan and the parser agree on where rows are
      const plain = outcome(() => readAll(bytes, names));
      if (typeof inOne !== 'string') assert.deepEqual(inOne, plain);
      else assert.equal(typeof plain, 'string');
    }),
    { numRuns: 10 * FUZZ_RUNS },
  );
});

test('every cut of a well-formed table gives its rows', () => {
  const cell = fc.oneof(
    fc.constantFrom('', '1', 'x'),
    fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', '\r', 'ü'), maxLength: 6 }),
  );
  fc.assert(
    fc.property(fc.array(fc.array(cell, { minLength: 3, maxLength: 3 }), { minLength: 1, maxLength: 5 }), (rows) => {
      const text = rows.map((row) => row.map((value) => `"${value.replaceAll('"', '""')}"`).join(',')).join('\r\n');
      const bytes = bytesOf(text);
      const whole = readAll(bytes, ['a', 'b', 'c']);
      assert.equal((whole as unknown[]).length, rows.length);
      for (let cut = 0; cut <= bytes.length; cut++) {
        assert.deepEqual(readInRanges(bytes, ['a', 'b', 'c'], [cut, Math.min(bytes.length, cut + 3)]), whole);
      }
    }),
    { numRuns: FUZZ_RUNS / 3 },
  );
});

test('the scan ignores quotes in JSON Lines', () => {
  const bytes = bytesOf('{"a": "x\\"}\n"\n{}');
  const transitions = scanRows(bytes, null);
  assert.equal(locateRows([{ start: 0, end: bytes.length }], [transitions], 't.jsonl')[0].numRows, 3);
});

test('ranges cover the bytes', () => {
  assert.deepEqual(cutRanges(3, 10, 4), [
    { start: 3, end: 7 },
    { start: 7, end: 10 },
  ]);
  assert.deepEqual(cutRanges(3, 3, 4), [{ start: 3, end: 3 }]);
});

test('parseNumber equals Number on every decimal', () => {
  const digits = fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: 1, maxLength: 22 });
  const decimal = fc
    .tuple(fc.constantFrom('', '-', '+'), digits, fc.option(digits), fc.option(fc.integer({ min: -330, max: 330 })))
    .map(
      ([sign, whole, decimals, exponent]) =>
        `${sign}${whole}${decimals === null ? '' : `.${decimals}`}${exponent === null ? '' : `e${exponent}`}`,
    );
  fc.assert(
    fc.property(decimal, (text) => {
      const bytes = bytesOf(`x${text}y`);
      assert.ok(Object.is(parseNumber(bytes, 1, bytes.length - 1), Number(text)), text);
    }),
    { numRuns: 5 * FUZZ_RUNS },
  );
  for (const text of ['5.', '.5', '-0', '1E5']) {
    assert.ok(Object.is(parseNumber(bytesOf(text), 0, text.length), Number(text)), text);
  }
});

test('parseNumber rejects everything else', () => {
  for (const text of [
    '',
    '.',
    '-',
    '+',
    'e5',
    '1e',
    '1e+',
    '1 2',
    '0x10',
    '1_000',
    '1,5',
    '--1',
    '1.2.3',
    'inf',
    '1e5x',
  ]) {
    assert.ok(Number.isNaN(parseNumber(bytesOf(text), 0, text.length)), text);
  }
});
