import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RawRows } from '../../../lib/partition/rows.ts';
import { mergeSamples, SAMPLE_ROWS, sampleRows } from '../../../lib/partition/sample.ts';

/** Rows whose only value is their index. */
function rowsOf(rowStart: number, rowEnd: number): RawRows {
  const numRows = rowEnd - rowStart;
  const rowIndex = Uint32Array.from({ length: numRows }, (_, i) => rowStart + i);
  return { numRows, rowIndex, columns: [Float32Array.from(rowIndex)], labels: new Uint16Array(numRows) };
}

function sampled(totalRows: number, chunkSize: number): Float32Array {
  const samples = [];
  for (let start = 0; start < totalRows; start += chunkSize) {
    samples.push(sampleRows(rowsOf(start, Math.min(totalRows, start + chunkSize)), totalRows, 3));
  }
  return mergeSamples(samples)[0];
}

test('the merged sample is the same for any chunk size', () => {
  const expected = sampled(50_000, 50_000);
  assert.equal(expected.length, SAMPLE_ROWS);
  for (const chunkSize of [777, 10_000, 33_333]) assert.deepEqual(sampled(50_000, chunkSize), expected);
});

test('the sample of a small dataset is the whole dataset', () => {
  assert.deepEqual(
    [...sampled(100, 7)].sort((a, b) => a - b),
    Array.from({ length: 100 }, (_, i) => i),
  );
});

test('the sample is spread over the data: its mean is close to the middle', () => {
  const values = sampled(50_000, 10_000);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  assert.ok(Math.abs(mean - 25_000) < 500, `mean ${mean}`); // 4 standard errors
});
