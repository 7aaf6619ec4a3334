import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tableFromIPC } from '@uwdata/flechette';
import { FormatError } from '../../../lib/base/errors.ts';
import {
  decodeBinned,
  decodeRaw,
  decodeSample,
  encodeBinned,
  encodeRaw,
  encodeSample,
} from '../../../lib/partition/arrow.ts';

const raw = {
  numRows: 3,
  rowIndex: Uint32Array.of(5, 6, 4294967294),
  columns: [Float32Array.of(0.5, -1, 3e38), Float32Array.of(-0, 1e-40, 7)],
  labels: Uint16Array.of(1, 0, 65535),
};
const binned = { ...raw, columns: [Uint8Array.of(0, 7, 254), Uint8Array.of(1, 1, 1)] };
const sample = { numRows: 3, rowIndex: raw.rowIndex, priority: Uint32Array.of(9, 0, 4294967295), columns: raw.columns };
const empty = { numRows: 0, rowIndex: new Uint32Array(), columns: [new Float32Array()], labels: new Uint16Array() };

test('raw, binned and sample partitions survive encoding and decoding', () => {
  assert.deepEqual(decodeRaw(encodeRaw(raw), 'k'), raw);
  assert.deepEqual(decodeBinned(encodeBinned(binned), 'k'), binned);
  assert.deepEqual(decodeSample(encodeSample(sample), 'k'), sample);
});

test('regression labels survive to the last bit, and values that are not finite are rejected', () => {
  const values = { ...raw, labels: Float64Array.of(0.1, -1e140, 5e-324) };
  assert.deepEqual(decodeRaw(encodeRaw(values), 'k'), values);
  assert.deepEqual(decodeBinned(encodeBinned({ ...values, columns: binned.columns }), 'k').labels, values.labels);
  for (const wrong of [Number.NaN, Number.POSITIVE_INFINITY]) {
    const bytes = encodeRaw({ ...values, labels: Float64Array.of(1, wrong, 2) });
    assert.throws(() => decodeRaw(bytes, 'k'), /partition k: column label must hold finite values/);
  }
});

test('a partition can have no rows', () => {
  const { numRows, columns } = decodeRaw(encodeRaw(empty), 'k');
  assert.deepEqual([numRows, columns.length], [0, 1]);
});

test('the same rows give the same bytes, and another Arrow reader sees names, types and no nulls', () => {
  assert.deepEqual(encodeRaw(raw), encodeRaw(structuredClone(raw)));
  const table = tableFromIPC(encodeRaw(raw));
  assert.deepEqual(table.names, ['f0', 'f1', 'label', 'rowIndex']);
  assert.deepEqual([...table.getChild('label')], [1, 0, 65535]);
});

test('bytes at an odd offset are read', () => {
  const bytes = encodeRaw(raw);
  const shifted = new Uint8Array(bytes.length + 3);
  shifted.set(bytes, 3);
  assert.deepEqual(decodeRaw(shifted.subarray(3), 'k'), raw);
});

test('damaged bytes, another kind and another version are rejected by name', () => {
  const rejection = (pattern: RegExp) => (error: unknown) =>
    error instanceof FormatError && pattern.test(error.message);
  assert.throws(
    () => decodeRaw(Uint8Array.of(1, 2, 3), 'runs/a/x'),
    rejection(/partition runs\/a\/x: not an Arrow IPC file/),
  );
  assert.throws(
    () => decodeRaw(encodeRaw(raw).subarray(0, 300), 'k.arrow'),
    rejection(/partition k.arrow: .*; remove k.arrow and k.json, then resume the run/),
  );
  assert.throws(() => decodeRaw(encodeBinned(binned), 'k'), rejection(/holds binned rows, expected raw/));
  const other = Buffer.from(
    Buffer.from(encodeRaw(raw)).toString('latin1').replaceAll('"version":1', '"version":2'),
    'latin1',
  );
  assert.throws(() => decodeRaw(other, 'k'), rejection(/version 2, this build reads 1/));
});
