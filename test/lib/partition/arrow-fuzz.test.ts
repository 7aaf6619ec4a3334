import assert from 'node:assert/strict';
import { test } from 'node:test';
import { columnFromArray, tableFromColumns, tableToIPC, uint8, utf8 } from '@uwdata/flechette';
import fc from 'fast-check';
import {
  decodeBinned,
  decodeOob,
  decodeRaw,
  decodeSample,
  encodeBinned,
  encodeOob,
  encodeRaw,
  encodeSample,
} from '../../../lib/partition/arrow.ts';
import { readArrow } from '../../../lib/partition/arrow-reader.ts';
import { decodeStrange, FUZZ_RUNS, mutations, withNumbers } from '../../fuzz.ts';

const rowIndex = Uint32Array.from({ length: 40 }, (_, i) => i);
const labels = Uint16Array.from(rowIndex, (i) => i % 3);
const columns = [Float32Array.from(rowIndex, (i) => i / 2), Float32Array.from(rowIndex, (i) => -i)];
const raw = encodeRaw({ numRows: 40, rowIndex, labels, columns });
const binned = encodeBinned({ numRows: 40, rowIndex, labels, columns: [Uint8Array.from(rowIndex)] });
const ofValues = { numRows: 40, rowIndex, labels: Float64Array.from(rowIndex, (i) => i / 3) };
const rawOfValues = encodeRaw({ ...ofValues, columns });
const binnedOfValues = encodeBinned({ ...ofValues, columns: [Uint8Array.from(rowIndex)] });
const sums = [Float64Array.from(rowIndex)];
const oobOfValues = encodeOob({ labels: ofValues.labels, numTrees: rowIndex, sums });
const sample = encodeSample({ numRows: 40, rowIndex, priority: rowIndex, columns });

/** Decode a partition and read all its values. */
function use(bytes: Uint8Array): void {
  const rows = decodeRaw(bytes, 'k');
  for (const values of [...rows.columns, rows.labels, rows.rowIndex]) assert.equal(values.length, rows.numRows);
}

test('damaged partitions of every kind are read or rejected, in time proportional to their size', () => {
  fc.assert(
    fc.property(mutations(raw), (bytes) => decodeStrange(use, bytes)),
    { numRuns: FUZZ_RUNS },
  );
  for (const [bytes, decode] of [
    [rawOfValues, decodeRaw],
    [binnedOfValues, decodeBinned],
    [oobOfValues, decodeOob],
    [binned, decodeBinned],
    [sample, decodeSample],
  ] as const) {
    const property = fc.property(mutations(bytes), (changed) => decodeStrange((some) => decode(some, 'k'), changed));
    fc.assert(property, { numRuns: FUZZ_RUNS });
  }
});

test('any bytes between the magic numbers are read or rejected', () => {
  const mark = Buffer.from('ARROW1\0\0');
  const property = fc.property(fc.uint8Array({ maxLength: 200 }), (middle) =>
    decodeStrange(use, Buffer.concat([mark, middle, mark.subarray(0, 6)])),
  );
  fc.assert(property, { numRuns: FUZZ_RUNS });
});

test('a large count or offset makes the reader neither hang nor allocate', () => {
  for (const bytes of withNumbers(raw, [0x7fffffff, 0x10000000, 0xfffffff0])) decodeStrange(use, bytes);
});

test('a partition truncated anywhere is rejected', () => {
  for (let length = 0; length < raw.length; length++) {
    assert.throws(() => decodeRaw(raw.subarray(0, length), 'k'), { name: 'FormatError' });
  }
});

test('unsupported types, nesting, nulls, several batches and duplicate names are rejected', () => {
  const bytesOf = (entries: Parameters<typeof tableFromColumns>[0]) =>
    tableToIPC(tableFromColumns(entries), { format: 'file' })!;
  const cases: [Uint8Array, RegExp][] = [
    [bytesOf({ a: columnFromArray(['x', 'y'], utf8()) }), /column a has an unsupported type/],
    [bytesOf({ a: columnFromArray(['x', 'y']) }), /column a is nested|unsupported type/],
    [bytesOf({ a: columnFromArray([1, null, 3], uint8()) }), /column a is cut short or has nulls/],
    [bytesOf({ a: columnFromArray([[1], [2]]) }), /column a is nested/],
    [bytesOf({ a: columnFromArray([1, 2, 3, 4], uint8(), { maxBatchRows: 2 }) }), /2 record batches, expected one/],
    [
      bytesOf([
        ['a', columnFromArray([1], uint8())],
        ['a', columnFromArray([1], uint8())],
      ]),
      /two columns have the same name/,
    ],
    [bytesOf({ ['a'.repeat(101)]: columnFromArray([1], uint8()) }), /a text has 101 bytes, at most 100/],
  ];
  for (const [bytes, message] of cases) assert.throws(() => readArrow(bytes), { name: 'FormatError', message });
  assert.deepEqual(readArrow(bytesOf({ a: columnFromArray([1, 2], uint8()) })).columns.get('a'), Uint8Array.of(1, 2));
});
