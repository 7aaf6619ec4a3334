// AssemblyScript twin of tree-random.ts: xoshiro128++ over a state that the caller has seeded.

let s0: u32 = 0;
let s1: u32 = 0;
let s2: u32 = 0;
let s3: u32 = 0;

export function startRandom(state: usize): void {
  s0 = load<u32>(state, 0);
  s1 = load<u32>(state, 4);
  s2 = load<u32>(state, 8);
  s3 = load<u32>(state, 12);
}

function nextUint32(): u32 {
  const result = rotl<u32>(s0 + s3, 7) + s0;
  const shifted = s1 << 9;
  s2 ^= s0;
  s3 ^= s1;
  s1 ^= s2;
  s0 ^= s3;
  s2 ^= shifted;
  s3 = rotl<u32>(s3, 11);
  return result;
}

/** Next integer in [0, bound), without bias. */
export function nextBelow(bound: u32): u32 {
  while (true) {
    const product = u64(nextUint32()) * u64(bound);
    const low = u32(product);
    // the remainder is looked at once in 2^32 / bound draws
    if (low >= bound || low >= (0 - bound) % bound) return u32(product >> 32);
  }
}
