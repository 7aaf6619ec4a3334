import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { addExact, addProduct, mergeSums, nearestSum, settle } from '../../../lib/metrics/exact-sum.ts';

function sum(values: readonly number[]): number[] {
  const parts: number[] = [];
  for (const value of values) addExact(parts, value);
  settle(parts);
  return parts;
}

test('a sum is exact until it is rounded once, ties to even', () => {
  assert.equal(nearestSum(sum(Array.from({ length: 10 }, () => 0.1))), 1); // Python: math.fsum([.1] * 10)
  assert.deepEqual(sum([1e100, 1, -1e100]), [1]);
  assert.deepEqual(sum([1, 2 ** -60]), [1, 2 ** -60]);
  assert.equal(nearestSum(sum([1, 2 ** -53])), 1);
  assert.equal(nearestSum(sum([1, 2 ** -53, 2 ** -120])), 1 + 2 ** -52);
  assert.equal(nearestSum(sum([1, 2 ** -53, -(2 ** -120)])), 1);
  assert.equal(nearestSum(sum([1, -1])), 0);
  assert.deepEqual(sum([-0]), [0]);
  assert.deepEqual(sum([]), []);
});

test('a sum equals integer arithmetic, in any order and grouping', () => {
  // multiples of 2^-40 up to 2^60 in size, which BigInt adds exactly
  const value = fc.tuple(fc.maxSafeInteger(), fc.nat(47)).map(([n, shift]) => n * 2 ** (shift - 40));
  const toBigInt = (x: number) => BigInt(x * 2 ** 40);
  fc.assert(
    fc.property(fc.array(value, { maxLength: 20 }), fc.nat(20), (values, cut) => {
      const whole = sum(values);
      const exact = values.reduce((total, x) => total + toBigInt(x), 0n);
      assert.equal(
        whole.reduce((total, x) => total + toBigInt(x), 0n),
        exact,
      );
      assert.equal(nearestSum(whole), Number(exact) / 2 ** 40);
      assert.deepEqual(mergeSums([sum(values.slice(cut)), [], sum(values.slice(0, cut).reverse())]), whole);
    }),
  );
});

test('a product is exact', () => {
  fc.assert(
    fc.property(fc.maxSafeInteger(), fc.maxSafeInteger(), (a, b) => {
      const parts: number[] = [];
      addProduct(parts, a, b);
      assert.equal(
        parts.reduce((total, x) => total + BigInt(x), 0n),
        BigInt(a) * BigInt(b),
      );
    }),
  );
});

test('values and sums that are not finite are rejected', () => {
  assert.throws(() => sum([NaN]), { name: 'InputError' });
  assert.throws(() => sum([Infinity]), { name: 'InputError' });
  assert.throws(() => sum([1.7e308, 1.7e308]), { name: 'InputError' });
});
