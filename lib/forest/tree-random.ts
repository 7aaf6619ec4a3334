// The random numbers of one tree: a small sequential generator, seeded from (seed, stream, tree).

import { RandomStream } from '../base/random.ts';

/**
 * xoshiro128++, seeded for each tree with 128 bits of the counter-based generator: 90,000 bootstrap draws take
 * 0.6 ms, compared with 2.5 ms for the counter-based generator itself.
 * Source: Blackman and Vigna, "Scrambled linear pseudorandom number generators", doi:10.1145/3460772.
 */
export class TreeRandom {
  readonly #state = new Int32Array(4);

  /** Restart at the first number of a tree. */
  start(seed: number, stream: number, treeIndex: number): this {
    const source = new RandomStream(seed, stream, treeIndex);
    for (let i = 0; i < 4; i++) this.#state[i] = source.nextUint32();
    this.#state[3] |= 1; // the state must not be all zero
    return this;
  }

  /** The state, from which another generator can continue. */
  get state(): Int32Array {
    return this.#state;
  }

  /** Next unsigned 32-bit integer. */
  nextUint32(): number {
    const state = this.#state;
    const s0 = state[0];
    const s1 = state[1];
    const s2 = state[2] ^ s0;
    const s3 = state[3] ^ s1;
    const sum = (s0 + state[3]) | 0;
    state[0] = s0 ^ s3;
    state[1] = s1 ^ s2;
    state[2] = s2 ^ (s1 << 9);
    state[3] = (s3 << 11) | (s3 >>> 21);
    return (((sum << 7) | (sum >>> 25)) + s0) >>> 0;
  }

  /**
   * Next integer in [0, bound), without bias.
   *
   * @param bound from 1 to 2^31 - 1
   * Source: Lemire, "Fast random integer generation in an interval", doi:10.1145/3230636.
   */
  nextBelow(bound: number): number {
    for (;;) {
      const random = this.nextUint32();
      const low = Math.imul(random, bound) >>> 0;
      // the remainder is computed once in 2^32 / bound draws
      if (low >= bound || low >= (4294967296 - bound) % bound) return mulHigh(random, bound);
    }
  }
}

/** High 32 bits of the product of two unsigned 32-bit integers, the second below 2^31. */
function mulHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const middle1 = Math.imul(aHigh, bLow) + (Math.imul(aLow, bLow) >>> 16);
  const middle2 = Math.imul(aLow, bHigh) + (middle1 & 0xffff);
  return Math.imul(aHigh, bHigh) + (middle1 >>> 16) + (middle2 >>> 16);
}
