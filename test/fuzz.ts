// Shared by fuzz tests. `FUZZ_RUNS=100000 npx tsx test/run.ts FILE…` runs longer; `FUZZ_SEED` makes other inputs.

import assert from 'node:assert/strict';
import fc from 'fast-check';

/** Cases per property. */
export const FUZZ_RUNS = Number(process.env.FUZZ_RUNS ?? 300);
fc.configureGlobal({ seed: Number(process.env.FUZZ_SEED ?? 1) });

// numbers that break lengths and counts
const NUMBERS = [0, 1, 127, 128, 255, 0x7fff, 0x8000, 0xffff, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff];

type Edit = (bytes: Uint8Array, at: number) => Uint8Array;
const without = (bytes: Uint8Array, from: number, to: number) =>
  Uint8Array.from([...bytes.subarray(0, from), ...bytes.subarray(to)]);

/** Changes one byte where it is. */
const setByte =
  (change: (value: number) => number): Edit =>
  (bytes, at) => {
    bytes[at] = change(bytes[at]);
    return bytes;
  };

const edit: fc.Arbitrary<Edit> = fc.oneof(
  fc.nat(7).map((bit) => setByte((value) => value ^ (1 << bit))),
  fc.nat(255).map((value) => setByte(() => value)),
  // a large or small number, as lengths and counts are stored
  fc.tuple(fc.constantFrom(...NUMBERS), fc.constantFrom(2, 4, 8)).map(
    ([value, width]): Edit =>
      (bytes, at) => {
        for (let i = 0; i < width && at + i < bytes.length; i++) bytes[at + i] = i < 4 ? value >>> (8 * i) : 0;
        return bytes;
      },
  ),
  fc.nat(40).map(
    (length): Edit =>
      (bytes, at) =>
        without(bytes, at, at + length),
  ),
  fc.nat(40).map(
    (length): Edit =>
      (bytes, at) => {
        const copied = bytes.slice(at, at + length);
        return Uint8Array.from([...bytes.subarray(0, at), ...copied, ...bytes.subarray(at)]);
      },
  ),
  fc.constant<Edit>((bytes, at) => bytes.slice(0, at)),
);

/**
 * The bytes with one to four changes: flipped bits, other values, huge counts, pieces left out, doubled or cut off.
 *
 * @param from first byte that may change
 */
export function mutations(bytes: Uint8Array, from = 0): fc.Arbitrary<Uint8Array> {
  const place = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  return fc.array(fc.tuple(edit, place), { minLength: 1, maxLength: 4 }).map((edits) => {
    let changed: Uint8Array = bytes.slice();
    for (const [apply, at] of edits) {
      if (changed.length > from) changed = apply(changed, from + Math.floor(at * (changed.length - from)));
    }
    return changed;
  });
}

/**
 * Decode untrusted bytes: any error but those named is a failure, and so is memory out of proportion.
 *
 * @param errors names of the errors that a decoder may throw
 */
export function decodeStrange(
  decode: (bytes: Uint8Array) => unknown,
  bytes: Uint8Array,
  errors = ['FormatError'],
): void {
  const before = process.memoryUsage();
  try {
    decode(bytes);
  } catch (error) {
    assert.ok(errors.includes((error as Error).name), String((error as Error).stack));
  }
  const after = process.memoryUsage();
  const taken = after.heapUsed - before.heapUsed + after.arrayBuffers - before.arrayBuffers; // less when it was collected
  assert.ok(taken < 4 * 2 ** 20 + 64 * bytes.length, `${taken} bytes of memory for ${bytes.length} bytes`);
}

/** The bytes with each of `numbers` at each position, one after the other: every count and offset becomes each of them. */
export function* withNumbers(bytes: Uint8Array, numbers: readonly number[], end = bytes.length): Generator<Uint8Array> {
  for (let at = 0; at + 4 <= end; at++) {
    for (const number of numbers) {
      const changed = bytes.slice();
      new DataView(changed.buffer).setUint32(at, number, true);
      yield changed;
    }
  }
}
