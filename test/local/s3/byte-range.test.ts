import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseRange } from '../../../local/s3/byte-range.ts';

test('a range is first-last, from first, or the last n, cut to the object', () => {
  assert.deepEqual(parseRange('bytes=2-4', 10), { start: 2, end: 5 });
  assert.deepEqual(parseRange('bytes=2-99', 10), { start: 2, end: 10 });
  assert.deepEqual(parseRange('bytes=9-', 10), { start: 9, end: 10 });
  assert.deepEqual(parseRange('bytes=-3', 10), { start: 7, end: 10 });
  assert.deepEqual(parseRange('bytes=-99', 10), { start: 0, end: 10 });
});

test('a range that is missing, malformed or of several parts counts as none', () => {
  for (const header of [undefined, '', 'bytes=', 'bytes=-', 'bytes=5-2', 'bytes=0-1,3-4', 'lines=1-2', 'bytes=a-b'])
    assert.equal(parseRange(header, 10), undefined);
});

test('a range without a byte in it is refused', () => {
  for (const header of ['bytes=10-', 'bytes=10-12', 'bytes=-0'])
    assert.throws(() => parseRange(header, 10), { status: 416 });
  assert.throws(() => parseRange('bytes=0-', 0), { code: 'InvalidRange' });
});
