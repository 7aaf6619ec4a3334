import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RandomStream } from '../../../lib/base/random.ts';
import { sortFloats } from '../../../lib/forest/sort-floats.ts';

// any bits at all: subnormal numbers, infinities, both zeros, NaN
function anyFloats(length: number, seed: number): Float32Array {
  const random = new RandomStream(seed, 0, 0);
  const bits = Uint32Array.from({ length }, () => random.nextUint32());
  bits.set([0, 0x80000000, 1, 0x80000001, 0x7f800000, 0xff800000]);
  return new Float32Array(bits.buffer);
}

for (const length of [10, 1023, 1024, 50_000]) {
  test(`sorts ${length} values as the typed array does, and does not modify them`, () => {
    const values = anyFloats(length, length).map((value) => (Number.isNaN(value) ? 1.5 : value));
    const before = values.slice();
    const sorted = sortFloats(values);
    assert.deepEqual(new Uint32Array(sorted.buffer), new Uint32Array(values.slice().sort().buffer));
    assert.deepEqual(values, before);
  });
}

test('NaN of either sign sorts to an end', () => {
  const values = new Float32Array(2000).fill(1);
  new Uint32Array(values.buffer)[1000] = 0x7fc00000;
  assert.ok(Number.isNaN(sortFloats(values).at(-1)));
  new Uint32Array(values.buffer)[1000] = 0xffc00000;
  assert.ok(Number.isNaN(sortFloats(values)[0]));
});
