import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RandomStream } from '../../../lib/base/random.ts';
import { TreeRandom } from '../../../lib/forest/tree-random.ts';

/** xoshiro128++ as its authors publish it: https://prng.di.unimi.it/xoshiro128plusplus.c */
function reference(state: number[]): () => number {
  const s = Uint32Array.from(state);
  const rotl = (x: number, k: number) => ((x << k) | (x >>> (32 - k))) >>> 0;
  return () => {
    const result = (rotl((s[0] + s[3]) >>> 0, 7) + s[0]) >>> 0;
    const t = s[1] << 9;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotl(s[3], 11);
    return result;
  };
}

test('the plain twin gives the published first numbers of state 1, 2, 3, 4', () => {
  // from the test of Xoshiro128PlusPlus in the crate rand_xoshiro 0.6, made with the authors' code
  const next = reference([1, 2, 3, 4]);
  assert.deepEqual([next(), next(), next(), next(), next()], [641, 1573767, 3222811527, 3517856514, 836907274]);
});

test('the numbers of a tree are those of the plain twin, seeded by the counter-based generator', () => {
  for (const treeIndex of [0, 1, 99]) {
    const source = new RandomStream(5, 8, treeIndex);
    const state = Array.from({ length: 4 }, () => source.nextUint32());
    const next = reference([state[0], state[1], state[2], state[3] | 1]);
    const random = new TreeRandom().start(5, 8, treeIndex);
    for (let i = 0; i < 1000; i++) assert.equal(random.nextUint32(), next());
  }
});

test('integers below a bound are the high half of the product; products that would bias it are redrawn', () => {
  for (const bound of [1, 2, 7, 90_000, 2 ** 26 - 1, 3 * 2 ** 29, 2 ** 31 - 1]) {
    const source = new TreeRandom().start(1, 7, 0);
    const random = new TreeRandom().start(1, 7, 0);
    for (let i = 0; i < 1000; i++) {
      let product: bigint;
      do product = BigInt(source.nextUint32()) * BigInt(bound);
      while ((product & 0xffffffffn) < 2n ** 32n % BigInt(bound));
      assert.equal(random.nextBelow(bound), Number(product >> 32n));
    }
  }
});
