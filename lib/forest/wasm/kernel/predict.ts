// AssemblyScript twin of predict.ts: class probabilities, or values, of a block of rows. A value is what one class has.
//
// Eight rows walk down a tree side by side, so that the processor waits for none of them. A leaf leads to itself, and
// the eight are done when none has moved.

const WALKERS: u32 = 8;

// Where values are missing or features are categories, a code takes two bytes: itself, a missing value being 255, for nodes
// that send those to the right; and one more, a missing value being 0, for nodes that send them to the left.
// `sizeof<Code>()` tells the two kinds of walks apart.
const MISSING: u32 = 255;
/** In place of what a code must be below: the node has a set of codes that go left. */
const BY_SET: u32 = 0xffff;
/** Sets of codes, 32 bytes each. */
let sets: usize = 0;

/** Codes of rows [rowStart, rowEnd), sums over the trees and the division by their number; `at` is a `PredictSettings`. */
export function predictBlock(at: usize, rowStart: u32, rowEnd: u32): void {
  const numFeatures = load<u32>(at, 0);
  const numClasses = load<u32>(at, 4);
  const numTrees = load<u32>(at, 8);
  const numRows = load<u32>(at, 12);
  const columns: usize = load<u32>(at, 16);
  const edges: usize = load<u32>(at, 20);
  const roots: usize = load<u32>(at, 24);
  const nodes: usize = load<u32>(at, 28);
  const fractions: usize = load<u32>(at, 32);
  const out: usize = load<u32>(at, 36);
  const codes: usize = load<u32>(at, 40);
  sets = load<u32>(at, 44);
  const isCategorical: usize = load<u32>(at, 48);
  const isFlagged = isCategorical !== 0;
  const rows = rowEnd - rowStart;
  const stride: usize = isFlagged ? numFeatures << 1 : numFeatures;
  for (let feature: u32 = 0; feature < numFeatures; feature++) {
    const from = columns + ((<usize>feature * numRows + rowStart) << 2);
    const ofFeature = edges + ((<usize>feature) << 10);
    if (!isFlagged) encode(from, rows, ofFeature, codes + feature, stride);
    else if (load<u8>(isCategorical + <usize>feature)) encodeCategories(from, rows, codes + (feature << 1), stride);
    else encodeWithMissing(from, rows, ofFeature, codes + (feature << 1), stride);
  }
  const sums = out + ((<usize>rowStart * numClasses) << 3);
  memory.fill(sums, 0, (<usize>rows * numClasses) << 3);
  for (let tree: u32 = 0; tree < numTrees; tree++) {
    const root = nodes + ((<usize>load<u32>(roots + ((<usize>tree) << 2))) << 3);
    for (let row: u32 = 0; row < rows; row += WALKERS) {
      const first = codes + <usize>row * stride;
      const to = sums + ((<usize>row * numClasses) << 3);
      const count = min(WALKERS, rows - row);
      if (isFlagged) walk<u16>(root, first, stride, numClasses, fractions, to, count);
      else walk<u8>(root, first, stride, numClasses, fractions, to, count);
    }
  }
  const divisor = <f64>numTrees;
  const last = sums + ((<usize>rows * numClasses) << 3);
  for (let sum = sums; sum < last; sum += 8) store<f64>(sum, load<f64>(sum) / divisor);
}

/** As `encodeColumn` of bins.ts, into every `stride`-th byte. */
function encode(from: usize, rows: u32, edges: usize, to: usize, stride: usize): void {
  const last = from + ((<usize>rows) << 2);
  for (; from < last; from += 4) {
    store<u8>(to, codeOf(load<f32>(from), edges));
    to += stride;
  }
}

/** Both bytes of each value's code. */
function encodeWithMissing(from: usize, rows: u32, edges: usize, to: usize, stride: usize): void {
  const last = from + ((<usize>rows) << 2);
  for (; from < last; from += 4) {
    const value = load<f32>(from);
    storeBoth(to, isMissing(value) ? MISSING : codeOf(value, edges));
    to += stride;
  }
}

/** Of categories: whole numbers from 0 to 254. */
function encodeCategories(from: usize, rows: u32, to: usize, stride: usize): void {
  const last = from + ((<usize>rows) << 2);
  for (; from < last; from += 4) {
    const value = load<f32>(from);
    storeBoth(to, isMissing(value) ? MISSING : <u32>value);
    to += stride;
  }
}

/** NaN, by its bits. */
function isMissing(value: f32): bool {
  return (reinterpret<u32>(value) & 0x7fffffff) > 0x7f800000;
}

function storeBoth(to: usize, code: u32): void {
  store<u8>(to, code);
  store<u8>(to, code + 1, 1); // 255 becomes 0
}

function codeOf(value: f32, edges: usize): u32 {
  let code: usize = usize(load<f32>(edges, 508) < value) << 9;
  code += usize(load<f32>(edges + code, 252) < value) << 8;
  code += usize(load<f32>(edges + code, 124) < value) << 7;
  code += usize(load<f32>(edges + code, 60) < value) << 6;
  code += usize(load<f32>(edges + code, 28) < value) << 5;
  code += usize(load<f32>(edges + code, 12) < value) << 4;
  code += usize(load<f32>(edges + code, 4) < value) << 3;
  code += usize(load<f32>(edges + code) < value) << 2;
  return <u32>(code >> 2);
}

// A node is 8 bytes: the right child's distance in bytes, what a code must be below to go left, and the feature.
// A leaf has 0 in all of them, so it leads to itself, and 8 bytes more for the row of its fractions; a node with a set has 8
// bytes more for its number. Addresses stand for nodes. With two bytes a code, the feature is the place of the byte.

function step<Code>(node: usize, row: usize): usize {
  const fields = load<u64>(node);
  const code: u32 = load<u8>(row + <usize>(<u32>(fields >> 32) & 0xffff));
  const limit = <u32>(fields >> 48);
  if (sizeof<Code>() > 1 && limit === BY_SET) {
    const set = sets + ((<usize>load<u32>(node, 8)) << 5);
    const isLeft = (<u32>load<u8>(set + <usize>(code >> 3)) >> (code & 7)) & 1;
    return node + (isLeft ? 16 : <usize>(<u32>fields));
  }
  return node + select<usize>(8, <usize>(<u32>fields), code < limit);
}

/** Add the fractions of the leaves that `numRows` rows, up to eight, fall into. */
function walk<Code>(
  root: usize,
  row: usize,
  stride: usize,
  numClasses: u32,
  fractions: usize,
  sums: usize,
  numRows: u32,
): void {
  const r1 = row + stride;
  const r2 = r1 + stride;
  const r3 = r2 + stride;
  const r4 = r3 + stride;
  const r5 = r4 + stride;
  const r6 = r5 + stride;
  const r7 = r6 + stride;
  let n0 = root;
  let n1 = root;
  let n2 = root;
  let n3 = root;
  let n4 = root;
  let n5 = root;
  let n6 = root;
  let n7 = root;
  let before: usize = 0;
  let after: usize = 0;
  do {
    // addresses only grow, so their sum changes when one of them does
    before = n0 + n1 + n2 + n3 + n4 + n5 + n6 + n7;
    n0 = step<Code>(n0, row);
    n1 = step<Code>(n1, r1);
    n2 = step<Code>(n2, r2);
    n3 = step<Code>(n3, r3);
    n4 = step<Code>(n4, r4);
    n5 = step<Code>(n5, r5);
    n6 = step<Code>(n6, r6);
    n7 = step<Code>(n7, r7);
    n0 = step<Code>(n0, row);
    n1 = step<Code>(n1, r1);
    n2 = step<Code>(n2, r2);
    n3 = step<Code>(n3, r3);
    n4 = step<Code>(n4, r4);
    n5 = step<Code>(n5, r5);
    n6 = step<Code>(n6, r6);
    n7 = step<Code>(n7, r7);
    after = n0 + n1 + n2 + n3 + n4 + n5 + n6 + n7;
  } while (after !== before);
  addLeaf(n0, numClasses, fractions, sums);
  const size: usize = numClasses << 3;
  if (numRows > 1) addLeaf(n1, numClasses, fractions, sums + size);
  if (numRows > 2) addLeaf(n2, numClasses, fractions, sums + 2 * size);
  if (numRows > 3) addLeaf(n3, numClasses, fractions, sums + 3 * size);
  if (numRows > 4) addLeaf(n4, numClasses, fractions, sums + 4 * size);
  if (numRows > 5) addLeaf(n5, numClasses, fractions, sums + 5 * size);
  if (numRows > 6) addLeaf(n6, numClasses, fractions, sums + 6 * size);
  if (numRows > 7) addLeaf(n7, numClasses, fractions, sums + 7 * size);
}

function addLeaf(node: usize, numClasses: u32, fractions: usize, sums: usize): void {
  const from = fractions + <usize>load<u32>(node, 8) * (numClasses << 3);
  for (let at: usize = 0; at < <usize>(numClasses << 3); at += 8) {
    store<f64>(sums + at, load<f64>(sums + at) + load<f64>(from + at));
  }
}
