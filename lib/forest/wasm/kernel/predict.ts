// AssemblyScript twin of predict.ts: class probabilities, or values, of a block of rows. Regression has one output.
//
// Eight rows (`WALKERS`) walk down a tree side by side, so that the processor does not wait for the loads of any one
// row. A leaf leads to itself; the eight are done when none has moved.

import { BY_SET, NODE_BYTES, PredictSetting, SET_BYTES, WALKERS } from './memory';

// Where values are missing or features are categories, a code takes two bytes. The first is the code, 255 for a missing
// value, read by nodes that send missing values to the right. The second is one more, 0 for a missing value, read by
// nodes that send them to the left. `sizeof<Code>()` distinguishes the two kinds of walk.
const MISSING: u32 = 255;
/** Sets of codes, `SET_BYTES` each. */
let sets: usize = 0;

/** Predict rows [rowStart, rowEnd): encode them, add up the leaves of all trees, and divide by the number of trees. */
export function predictBlock(at: usize, rowStart: u32, rowEnd: u32): void {
  const numFeatures = load<u32>(at, PredictSetting.numFeatures);
  const numOutputs = load<u32>(at, PredictSetting.numOutputs);
  const numTrees = load<u32>(at, PredictSetting.numTrees);
  const numRows = load<u32>(at, PredictSetting.numRows);
  const columns: usize = load<u32>(at, PredictSetting.columns);
  const edges: usize = load<u32>(at, PredictSetting.edges);
  const roots: usize = load<u32>(at, PredictSetting.roots);
  const nodes: usize = load<u32>(at, PredictSetting.nodes);
  const fractions: usize = load<u32>(at, PredictSetting.fractions);
  const out: usize = load<u32>(at, PredictSetting.out);
  const codes: usize = load<u32>(at, PredictSetting.codes);
  sets = load<u32>(at, PredictSetting.sets);
  const isCategorical: usize = load<u32>(at, PredictSetting.isCategorical);
  const isFlagged = isCategorical !== 0;
  const rows = rowEnd - rowStart;
  const stride: usize = isFlagged ? numFeatures << 1 : numFeatures;
  for (let feature: u32 = 0; feature < numFeatures; feature++) {
    const from = columns + ((<usize>feature * numRows + rowStart) << 2);
    const featureEdges = edges + ((<usize>feature) << 10);
    if (!isFlagged) encode(from, rows, featureEdges, codes + feature, stride);
    else if (load<u8>(isCategorical + <usize>feature)) encodeCategories(from, rows, codes + (feature << 1), stride);
    else encodeWithMissing(from, rows, featureEdges, codes + (feature << 1), stride);
  }
  const sums = out + ((<usize>rowStart * numOutputs) << 3);
  memory.fill(sums, 0, (<usize>rows * numOutputs) << 3);
  for (let tree: u32 = 0; tree < numTrees; tree++) {
    const root = nodes + <usize>load<u32>(roots + ((<usize>tree) << 2)) * NODE_BYTES;
    for (let row: u32 = 0; row < rows; row += WALKERS) {
      const first = codes + <usize>row * stride;
      const to = sums + ((<usize>row * numOutputs) << 3);
      const count = min(WALKERS, rows - row);
      if (isFlagged) walk<u16>(root, first, stride, numOutputs, fractions, to, count);
      else walk<u8>(root, first, stride, numOutputs, fractions, to, count);
    }
  }
  const divisor = <f64>numTrees;
  const last = sums + ((<usize>rows * numOutputs) << 3);
  for (let sum = sums; sum < last; sum += 8) store<f64>(sum, load<f64>(sum) / divisor);
}

/** Like `encodeColumn` of bins.ts, into every `stride`-th byte. */
function encode(from: usize, rows: u32, edges: usize, to: usize, stride: usize): void {
  const last = from + ((<usize>rows) << 2);
  for (; from < last; from += 4) {
    store<u8>(to, readCode(load<f32>(from), edges));
    to += stride;
  }
}

/** Store both bytes of each value's code. */
function encodeWithMissing(from: usize, rows: u32, edges: usize, to: usize, stride: usize): void {
  const last = from + ((<usize>rows) << 2);
  for (; from < last; from += 4) {
    const value = load<f32>(from);
    storeBoth(to, isMissing(value) ? MISSING : readCode(value, edges));
    to += stride;
  }
}

/** The values are categories: integers from 0 to 254. */
function encodeCategories(from: usize, rows: u32, to: usize, stride: usize): void {
  const last = from + ((<usize>rows) << 2);
  for (; from < last; from += 4) {
    const value = load<f32>(from);
    storeBoth(to, isMissing(value) ? MISSING : <u32>value);
    to += stride;
  }
}

/** Whether `value` is NaN, by its bits. */
function isMissing(value: f32): bool {
  return (reinterpret<u32>(value) & 0x7fffffff) > 0x7f800000;
}

function storeBoth(to: usize, code: u32): void {
  store<u8>(to, code);
  store<u8>(to, code + 1, 1); // 255 becomes 0
}

function readCode(value: f32, edges: usize): u32 {
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

// A node takes 8 bytes: distance to the right child in bytes (u32), feature (u16), and what a code must be below to go
// left (u16). A leaf has 0 in all three, so it leads to itself, and 8 more bytes for its row of fractions. A node with
// a set has 8 more bytes for the number of the set. A node is passed by its address. With two bytes a code, the feature
// is the offset of the byte.

function step<Code>(node: usize, row: usize): usize {
  const fields = load<u64>(node);
  const code: u32 = load<u8>(row + <usize>(<u32>(fields >> 32) & 0xffff));
  const limit = <u32>(fields >> 48);
  if (sizeof<Code>() > 1 && limit === BY_SET) {
    const set = sets + <usize>load<u32>(node, NODE_BYTES) * SET_BYTES;
    const isLeft = (<u32>load<u8>(set + <usize>(code >> 3)) >> (code & 7)) & 1;
    return node + (isLeft ? 2 * NODE_BYTES : <usize>(<u32>fields));
  }
  return node + select<usize>(NODE_BYTES, <usize>(<u32>fields), code < limit);
}

/** Add the fractions of the leaves that `numRows` rows, at most eight, reach. */
function walk<Code>(
  root: usize,
  row: usize,
  stride: usize,
  numOutputs: u32,
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
  addLeaf(n0, numOutputs, fractions, sums);
  const size: usize = numOutputs << 3;
  if (numRows > 1) addLeaf(n1, numOutputs, fractions, sums + size);
  if (numRows > 2) addLeaf(n2, numOutputs, fractions, sums + 2 * size);
  if (numRows > 3) addLeaf(n3, numOutputs, fractions, sums + 3 * size);
  if (numRows > 4) addLeaf(n4, numOutputs, fractions, sums + 4 * size);
  if (numRows > 5) addLeaf(n5, numOutputs, fractions, sums + 5 * size);
  if (numRows > 6) addLeaf(n6, numOutputs, fractions, sums + 6 * size);
  if (numRows > 7) addLeaf(n7, numOutputs, fractions, sums + 7 * size);
}

function addLeaf(node: usize, numOutputs: u32, fractions: usize, sums: usize): void {
  const from = fractions + <usize>load<u32>(node, NODE_BYTES) * (numOutputs << 3);
  for (let at: usize = 0; at < <usize>(numOutputs << 3); at += 8) {
    store<f64>(sums + at, load<f64>(sums + at) + load<f64>(from + at));
  }
}
