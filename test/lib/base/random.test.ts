import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KeyedPermutation, philox, RandomStream, STREAM } from '../../../lib/base/random.ts';

const hex = (words: Uint32Array) => [...words].map((word) => word.toString(16).padStart(8, '0')).join(' ');

// Known answers of Random123's kat_vectors file for philox4x32, 10 rounds.
test('philox gives the published known answers', () => {
  const out = new Uint32Array(4);
  philox(Uint32Array.of(0, 0), Uint32Array.of(0, 0, 0, 0), out);
  assert.equal(hex(out), '6627e8d5 e169c58d bc57ac4c 9b00dbd8');
  const f = 0xffffffff;
  philox(Uint32Array.of(f, f), Uint32Array.of(f, f, f, f), out);
  assert.equal(hex(out), '408f276d 41c83b0e a20bc7c6 6d5451fd');
  philox(Uint32Array.of(0xa4093822, 0x299f31d0), Uint32Array.of(0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344), out);
  assert.equal(hex(out), 'd16cfe09 94fdcceb 5001e420 24126ea1');
});

test('a stream gives the same numbers after seek, and others for another seed, stream or index', () => {
  const draw = (seed: number, stream: number, index: number) => {
    const random = new RandomStream(seed, stream, index);
    return [
      random.nextUint32(),
      random.nextUint32(),
      random.nextUint32(),
      random.nextUint32(),
      random.nextUint32(),
    ].join();
  };
  const random = new RandomStream(7, STREAM.values, 3);
  random.nextUint32();
  assert.equal(random.seek(3).nextUint32(), new RandomStream(7, STREAM.values, 3).nextUint32());
  const cases = [
    draw(7, STREAM.values, 3),
    draw(8, STREAM.values, 3),
    draw(7 + 2 ** 32, STREAM.values, 3),
    draw(7, STREAM.labels, 3),
    draw(7, STREAM.values, 4),
    draw(7, STREAM.values, 3 + 2 ** 32),
  ];
  assert.equal(new Set(cases).size, cases.length);
});

test('nextBelow is uniform: chi-squared of 60,000 draws below 6 stays under its 99.9 % point', () => {
  const random = new RandomStream(1, STREAM.tree);
  const counts = new Array(6).fill(0);
  for (let i = 0; i < 60_000; i++) counts[random.nextBelow(6)]++;
  const chiSquared = counts.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0);
  assert.ok(chiSquared < 20.5, `chi-squared ${chiSquared}`); // 5 degrees of freedom
});

test('nextBelow reaches both ends of the whole 32-bit range and of 1', () => {
  const random = new RandomStream(1, STREAM.tree);
  const twin = new RandomStream(1, STREAM.tree);
  assert.equal(random.nextBelow(2 ** 32), twin.nextUint32());
  assert.equal(random.nextBelow(1), 0);
});

for (const length of [0, 1, 2, 3, 7, 100, 1000, 4097, 99_999]) {
  test(`a keyed permutation of ${length} takes every position once`, () => {
    const permutation = new KeyedPermutation(length, 5, STREAM.split);
    const seen = new Uint8Array(length);
    for (let i = 0; i < length; i++) seen[permutation.at(i)]++;
    assert.ok(seen.every((count) => count === 1));
  });
}

test('a keyed permutation mixes: neighbours are uncorrelated and each quarter is spread over all quarters', () => {
  const length = 100_000;
  const permutation = new KeyedPermutation(length, 0, STREAM.split);
  const counts = new Float64Array(16);
  let correlation = 0;
  let previous = permutation.at(length - 1) / length - 0.5;
  for (let i = 0; i < length; i++) {
    const position = permutation.at(i);
    counts[Math.floor((i * 4) / length) * 4 + Math.floor((position * 4) / length)]++;
    const centred = position / length - 0.5;
    correlation += (12 * previous * centred) / length;
    previous = centred;
  }
  assert.ok(Math.abs(correlation) < 4 / Math.sqrt(length), `correlation ${correlation}`);
  for (const count of counts) assert.ok(Math.abs(count - length / 16) < 300, `count ${count}`);
});
