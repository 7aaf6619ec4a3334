// AssemblyScript twin of predict.ts: class probabilities, or values, of a block of rows. A value is what one class has.
//
// Eight rows walk down a tree side by side, so that the processor waits for none of them. A leaf leads to itself, and
// the eight are done when none has moved.

const WALKERS: u32 = 8;

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
  const rows = rowEnd - rowStart;
  for (let feature: u32 = 0; feature < numFeatures; feature++) {
    const from = columns + ((<usize>feature * numRows + rowStart) << 2);
    encode(from, rows, edges + ((<usize>feature) << 10), codes + feature, numFeatures);
  }
  const sums = out + ((<usize>rowStart * numClasses) << 3);
  memory.fill(sums, 0, (<usize>rows * numClasses) << 3);
  for (let tree: u32 = 0; tree < numTrees; tree++) {
    const root = nodes + ((<usize>load<u32>(roots + ((<usize>tree) << 2))) << 3);
    for (let row: u32 = 0; row < rows; row += WALKERS) {
      walk(
        root,
        codes + <usize>row * numFeatures,
        numFeatures,
        numClasses,
        fractions,
        sums + ((<usize>row * numClasses) << 3),
        min(WALKERS, rows - row),
      );
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
    const value = load<f32>(from);
    let code: usize = usize(load<f32>(edges, 508) < value) << 9;
    code += usize(load<f32>(edges + code, 252) < value) << 8;
    code += usize(load<f32>(edges + code, 124) < value) << 7;
    code += usize(load<f32>(edges + code, 60) < value) << 6;
    code += usize(load<f32>(edges + code, 28) < value) << 5;
    code += usize(load<f32>(edges + code, 12) < value) << 4;
    code += usize(load<f32>(edges + code, 4) < value) << 3;
    code += usize(load<f32>(edges + code) < value) << 2;
    store<u8>(to, <u8>(code >> 2));
    to += stride;
  }
}

// A node is 8 bytes: the right child's distance in bytes, what a code must be below to go left, and the feature.
// A leaf has 0 in all of them, so it leads to itself, and 8 bytes more for the row of its fractions. Addresses stand for
// nodes.

function step(node: usize, row: usize): usize {
  const fields = load<u64>(node);
  const code: u32 = load<u8>(row + <usize>(<u32>(fields >> 32) & 0xffff));
  return node + select<usize>(8, <usize>(<u32>fields), code < <u32>(fields >> 48));
}

/** Add the fractions of the leaves that `numRows` rows, up to eight, fall into. */
function walk(
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
    n0 = step(n0, row);
    n1 = step(n1, r1);
    n2 = step(n2, r2);
    n3 = step(n3, r3);
    n4 = step(n4, r4);
    n5 = step(n5, r5);
    n6 = step(n6, r6);
    n7 = step(n7, r7);
    n0 = step(n0, row);
    n1 = step(n1, r1);
    n2 = step(n2, r2);
    n3 = step(n3, r3);
    n4 = step(n4, r4);
    n5 = step(n5, r5);
    n6 = step(n6, r6);
    n7 = step(n7, r7);
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
