// Counter-based randomness: a value is a function of (seed, stream, index, position), never of what was drawn before.

const PHILOX_M0 = 0xd2511f53;
const PHILOX_M1 = 0xcd9e8d57;
const PHILOX_W0 = 0x9e3779b9;
const PHILOX_W1 = 0xbb67ae85;
const TWO_32 = 4294967296;

/** Largest seed: the largest integer that a number holds exactly. */
export const MAX_SEED = Number.MAX_SAFE_INTEGER;

/**
 * What a number is drawn for. Two streams of one seed are independent; a stream's number must never be reused for
 * another purpose, or every stored hash changes meaning.
 */
export const STREAM = {
  /** parameters of a generator: centroids, weights, column order */
  model: 1,
  /** feature values of a row */
  values: 2,
  /** label noise of a row */
  labels: 3,
  /** order of the rows of a generated data set */
  rowOrder: 4,
  /** side of the split of a row */
  split: 5,
  /** priority of a row in the sample that gives the bin edges */
  sample: 6,
  /** rows drawn into a tree */
  bootstrap: 7,
  /** features tried at the nodes of a tree */
  tree: 8,
  /** order of the columns of a generated data set */
  columnOrder: 9,
  /** shuffled values for permutation importance */
  permutation: 10,
  /** fold of a training row */
  folds: 11,
  /** candidates of a search */
  candidates: 12,
  /** training rows that a round of a search has */
  rounds: 13,
} as const;

/** High 32 bits of the product of two unsigned 32-bit integers, as a signed 32-bit integer. */
function mulHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const low = Math.imul(aLow, bLow) >>> 16;
  // neither sum can pass 2^32 - 1: 65535 * 65535 + 65535 = 0xffff0000
  const middle1 = (Math.imul(aHigh, bLow) + low) | 0;
  const middle2 = (Math.imul(aLow, bHigh) + (middle1 & 0xffff)) | 0;
  return (Math.imul(aHigh, bHigh) + (middle1 >>> 16) + (middle2 >>> 16)) | 0;
}

/**
 * Philox4x32-10: 128 random bits from a 64-bit key and a 128-bit counter.
 *
 * @param key shape [2]
 * @param counter shape [4]
 * @param out receives four unsigned 32-bit integers
 * Source: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011, doi:10.1145/2063384.2063405.
 */
export function philox(key: Uint32Array, counter: Uint32Array, out: Uint32Array): void {
  let k0 = key[0] | 0;
  let k1 = key[1] | 0;
  let c0 = counter[0] | 0;
  let c1 = counter[1] | 0;
  let c2 = counter[2] | 0;
  let c3 = counter[3] | 0;
  for (let round = 0; round < 10; round++) {
    const high0 = mulHigh(PHILOX_M0, c0);
    const low0 = Math.imul(PHILOX_M0, c0);
    const high1 = mulHigh(PHILOX_M1, c2);
    const low1 = Math.imul(PHILOX_M1, c2);
    c0 = high1 ^ c1 ^ k0;
    c1 = low1;
    c2 = high0 ^ c3 ^ k1;
    c3 = low0;
    k0 = (k0 + PHILOX_W0) | 0;
    k1 = (k1 + PHILOX_W1) | 0;
  }
  out[0] = c0;
  out[1] = c1;
  out[2] = c2;
  out[3] = c3;
}

/**
 * A sequence of random numbers for one (seed, stream, index): cheap to make, to rewind and to reuse.
 * `seek` moves it to the start of another index.
 */
export class RandomStream {
  readonly #key: Uint32Array;
  /** Index (64 bits), number of the block, stream. */
  readonly #counter: Uint32Array;
  readonly #block = new Uint32Array(4);
  #used = 4;

  /**
   * @param seed integer from 0 to 2^53 - 1
   * @param stream one of `STREAM`
   * @param index row or tree, from 0 to 2^53 - 1
   */
  constructor(seed: number, stream: number, index = 0) {
    this.#key = Uint32Array.of(seed, Math.floor(seed / TWO_32));
    this.#counter = Uint32Array.of(0, 0, 0, stream);
    this.seek(index);
  }

  /** Go to the first number of `index`. */
  seek(index: number): this {
    this.#counter[0] = index;
    this.#counter[1] = Math.floor(index / TWO_32);
    this.#counter[2] = 0;
    this.#used = 4;
    return this;
  }

  /** Next unsigned 32-bit integer. */
  nextUint32(): number {
    if (this.#used === 4) {
      philox(this.#key, this.#counter, this.#block);
      this.#counter[2]++;
      this.#used = 0;
    }
    return this.#block[this.#used++];
  }

  /** Next number in (0, 1), the middle of one of 2^32 equal intervals: never 0, never 1. */
  nextOpen(): number {
    return (this.nextUint32() + 0.5) / TWO_32;
  }

  /** Next number in [0, 1) with 53 random bits, as numpy's `random()` gives. */
  nextUnit(): number {
    const high = this.nextUint32() >>> 5;
    const low = this.nextUint32() >>> 6;
    return (high * 67108864 + low) / 9007199254740992;
  }

  /**
   * Next integer in [0, bound), without bias.
   *
   * @param bound from 1 to 2^32
   * Source: Lemire, "Fast random integer generation in an interval", doi:10.1145/3230636 (rejection on the low half).
   */
  nextBelow(bound: number): number {
    const threshold = (TWO_32 - bound) % bound;
    for (;;) {
      const random = this.nextUint32();
      const low = Math.imul(random, bound) >>> 0;
      if (low >= threshold) return bound === TWO_32 ? random : mulHigh(random, bound) >>> 0;
    }
  }

  /** Random order of the integers [0, length). */
  permutation(length: number): Uint32Array {
    const order = Uint32Array.from({ length }, (_, i) => i);
    for (let i = length - 1; i > 0; i--) {
      const j = this.nextBelow(i + 1);
      const swapped = order[i];
      order[i] = order[j];
      order[j] = swapped;
    }
    return order;
  }
}

const FEISTEL_ROUNDS = 8;

/**
 * A keyed permutation of [0, length) that is computed one element at a time, in constant memory: where row i goes is
 * known without looking at any other row.
 *
 * A generalised Feistel network over Z_a × Z_b, with cycle walking for the few values past the end.
 * Source: Black and Rogaway, "Ciphers with arbitrary finite domains", CT-RSA 2002, section 5, doi:10.1007/3-540-45760-7_9.
 */
export class KeyedPermutation {
  readonly length: number;
  readonly #a: number;
  readonly #b: number;
  readonly #keys: Uint32Array;

  /**
   * @param length number of elements, from 0 to 2^53 - 1
   * @param seed integer from 0 to 2^53 - 1
   * @param stream one of `STREAM`
   * @param index tells permutations of one stream apart
   */
  constructor(length: number, seed: number, stream: number, index = 0) {
    this.length = length;
    this.#a = Math.max(1, Math.ceil(Math.sqrt(length)));
    this.#b = Math.max(1, Math.ceil(length / this.#a));
    const random = new RandomStream(seed, stream, index);
    this.#keys = Uint32Array.from({ length: FEISTEL_ROUNDS }, () => random.nextUint32());
  }

  /** Position of `index` in the permuted order, in [0, length). */
  at(index: number): number {
    let position = index;
    do position = this.#encrypt(position);
    while (position >= this.length);
    return position;
  }

  #encrypt(value: number): number {
    const a = this.#a;
    const b = this.#b;
    let left = value % a;
    let right = Math.floor(value / a);
    for (let round = 0; round < FEISTEL_ROUNDS; round++) {
      const modulus = (round & 1) === 0 ? a : b;
      const next = (left + mix(right, this.#keys[round])) % modulus;
      left = right;
      right = next;
    }
    return a * right + left;
  }
}

/** Avalanche of a 32-bit value under a key. Source: MurmurHash3's 32-bit finaliser, Austin Appleby, public domain. */
function mix(value: number, key: number): number {
  let hash = value ^ key;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13) ^ key, 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
