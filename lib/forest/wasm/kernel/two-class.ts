// AssemblyScript: the best cut of a node with two classes.
//
// The score of a cut takes a division. A multiplication, with a margin that covers its rounding, rejects most cuts
// first; only those that may beat the best so far are scored, with the operations of the general trainer, so that both
// keep the same cut.

import { cutScore, isPerfect, takeCut } from './cut';
import { endLeaf, pushLeaf } from './leaves';
import { MAX_CODES, MAX_SAMPLES_PER_ROW, numBins, packedCodes, packedSamples, scratch } from './memory';
import { gatherCodes } from './rows';

const CELL_SAMPLES: i32 = 65_535; // most that the 16 bits of a cell hold
const ROWS_PER_FLUSH: i32 = CELL_SAMPLES / <i32>MAX_SAMPLES_PER_ROW;
const DENSE_ROWS: i32 = 96; // with more rows, visiting every cell is faster than marking those in use
const SORT_ROWS: i32 = 12; // up to here, sorting the rows is faster than counting

// regions of the scratch memory, for the four features of a pass each; all but the last two are zero between passes
const FEATURE_CELLS: usize = MAX_CODES << 2; // bytes; a cell is samples of class 1 << 16 | samples
const FEATURE_MARKS: usize = MAX_CODES >> 3;
const CELLS: usize = 0;
const WIDE_SAMPLES: usize = CELLS + 4 * FEATURE_CELLS;
const WIDE_ONES: usize = WIDE_SAMPLES + 4 * FEATURE_CELLS;
const MARKS: usize = WIDE_ONES + 4 * FEATURE_CELLS;
const KEYS: usize = MARKS + 4 * FEATURE_MARKS;
const CELL_OF: usize = KEYS + ((<usize>SORT_ROWS) << 2); // what a packed sample adds to a cell, by its low five bits

/** Begin a tree: fill the table at `CELL_OF`. */
export function startTwoClass(): void {
  for (let low: u32 = 0; low < 32; low++)
    store<u32>(scratch + (low << 2), (low >> 1) * (1 + ((low & 1) << 16)), CELL_OF);
}

let nodeStart: i32 = 0;
let nodeEnd: i32 = 0;
let nodeSamples: i32 = 0;
let nodeOnes: i32 = 0;

/** @returns whether all samples are of one class */
export function enterTwoClass(start: i32, end: i32, samples: i32, ones: i32): bool {
  nodeStart = start;
  nodeEnd = end;
  nodeSamples = samples;
  nodeOnes = ones;
  return ones === 0 || ones === samples;
}

export function addTwoClassLeaf(): u32 {
  const zeros = nodeSamples - nodeOnes;
  if (zeros > 0) pushLeaf(0, zeros);
  if (nodeOnes > 0) pushLeaf(1, nodeOnes);
  return endLeaf();
}

/** Search the first `numSlots` of four features, in this order, for a cut better than the best so far. */
export function tryTwoClass(numSlots: i32, f0: u32, f1: u32, f2: u32, f3: u32): void {
  const rows = nodeEnd - nodeStart;
  gatherCodes(nodeStart, nodeEnd, f0, f1, f2, f3);
  if (rows <= SORT_ROWS) {
    for (let slot = 0; slot < numSlots && !isPerfect; slot++) scoreSorted(slot, readFeature(slot, f0, f1, f2, f3));
  } else if (rows <= DENSE_ROWS) {
    countSparse();
    for (let slot = 0; slot < 4; slot++) scoreSparse(slot, readFeature(slot, f0, f1, f2, f3));
  } else if (nodeSamples <= CELL_SAMPLES) {
    countDense(nodeStart, nodeEnd);
    for (let slot = 0; slot < numSlots; slot++) scoreDense(slot, readFeature(slot, f0, f1, f2, f3));
    memory.fill(scratch + CELLS, 0, 4 * FEATURE_CELLS);
  } else {
    for (let start = nodeStart; start < nodeEnd; start += ROWS_PER_FLUSH) {
      countDense(start, min(start + ROWS_PER_FLUSH, nodeEnd));
      flush();
    }
    for (let slot = 0; slot < numSlots; slot++) scoreWide(slot, readFeature(slot, f0, f1, f2, f3));
    memory.fill(scratch + WIDE_SAMPLES, 0, 8 * FEATURE_CELLS);
  }
}

function readFeature(slot: i32, f0: u32, f1: u32, f2: u32, f3: u32): u32 {
  return slot === 0 ? f0 : slot === 1 ? f1 : slot === 2 ? f2 : f3;
}

/** Add packed samples [start, end) to the cells of their codes, each feature in its own cells. */
function countDense(start: i32, end: i32): void {
  const cells = scratch + CELLS;
  const last = packedSamples + ((<usize>end) << 2);
  let at = packedCodes + ((<usize>start) << 2);
  for (let from = packedSamples + ((<usize>start) << 2); from < last; from += 4) {
    const cell = load<u32>(cells + ((load<u32>(from) & 31) << 2), CELL_OF);
    const four = load<u32>(at);
    at += 4;
    const a0 = cells + ((four & 255) << 2);
    const a1 = cells + (((four >>> 8) & 255) << 2);
    const a2 = cells + (((four >>> 16) & 255) << 2);
    const a3 = cells + ((four >>> 24) << 2);
    store<u32>(a0, load<u32>(a0) + cell);
    store<u32>(a1, load<u32>(a1, FEATURE_CELLS) + cell, FEATURE_CELLS);
    store<u32>(a2, load<u32>(a2, 2 * FEATURE_CELLS) + cell, 2 * FEATURE_CELLS);
    store<u32>(a3, load<u32>(a3, 3 * FEATURE_CELLS) + cell, 3 * FEATURE_CELLS);
  }
}

/** Like `countDense` for all rows of the node; also mark the cells in use. */
function countSparse(): void {
  const marks = scratch + MARKS;
  countDense(nodeStart, nodeEnd);
  const last = packedCodes + ((<usize>nodeEnd) << 2);
  for (let at = packedCodes + ((<usize>nodeStart) << 2); at < last; at += 4) {
    const c0: u32 = load<u8>(at);
    const c1: u32 = load<u8>(at, 1);
    const c2: u32 = load<u8>(at, 2);
    const c3: u32 = load<u8>(at, 3);
    const b0 = marks + ((c0 >> 6) << 3);
    const b1 = marks + ((c1 >> 6) << 3);
    const b2 = marks + ((c2 >> 6) << 3);
    const b3 = marks + ((c3 >> 6) << 3);
    store<u64>(b0, load<u64>(b0) | ((<u64>1) << c0));
    store<u64>(b1, load<u64>(b1, FEATURE_MARKS) | ((<u64>1) << c1), FEATURE_MARKS);
    store<u64>(b2, load<u64>(b2, 2 * FEATURE_MARKS) | ((<u64>1) << c2), 2 * FEATURE_MARKS);
    store<u64>(b3, load<u64>(b3, 3 * FEATURE_MARKS) | ((<u64>1) << c3), 3 * FEATURE_MARKS);
  }
}

/** Move the cells to the wide cells before they can overflow. */
function flush(): void {
  for (let at = scratch; at < scratch + 4 * FEATURE_CELLS; at += 4) {
    const cell = load<u32>(at);
    store<u32>(at, 0);
    store<u32>(at, load<u32>(at, WIDE_SAMPLES) + (cell & 0xffff), WIDE_SAMPLES);
    store<u32>(at, load<u32>(at, WIDE_ONES) + (cell >> 16), WIDE_ONES);
  }
}

/** Score of a cut with `left` samples, `leftOnes` of class 1, in the left child; it grows with the Gini gain. */
function computeScore(left: i32, leftOnes: i32): f64 {
  const samples = <f64>nodeSamples;
  const difference = <f64>leftOnes * samples - <f64>nodeOnes * <f64>left;
  return (difference * difference) / (<f64>left * (samples - <f64>left));
}

function isPerfectCut(left: i32, leftOnes: i32): bool {
  return leftOnes === 0 ? left === nodeSamples - nodeOnes : leftOnes === nodeOnes && left === nodeOnes;
}

/** A cut whose squared difference is below this times the product of its sides cannot beat `score`. */
function scoreLimit(score: f64): f64 {
  return score * (1 - 3e-15);
}

function scoreSorted(slot: i32, feature: u32): void {
  const keys = scratch + KEYS;
  const shift: u32 = (<u32>slot) << 3;
  const numRows = nodeEnd - nodeStart;
  let codeAddress = packedCodes + ((<usize>nodeStart) << 2);
  let from = packedSamples + ((<usize>nodeStart) << 2);
  // key: code << 16 | ones << 8 | samples; 12 rows × 15 fit a byte
  for (let i = 0; i < numRows; i++) {
    const packed = load<u32>(from);
    const samples = (packed >> 1) & MAX_SAMPLES_PER_ROW;
    const key = (((load<u32>(codeAddress) >> shift) & 255) << 16) | (samples * (1 + ((packed & 1) << 8)));
    let at = keys + ((<usize>i) << 2);
    for (; at > keys; at -= 4) {
      const before = load<u32>(at - 4);
      if (before <= key) break;
      store<u32>(at, before);
    }
    store<u32>(at, key);
    codeAddress += 4;
    from += 4;
  }
  const last = keys + ((<usize>(numRows - 1)) << 2);
  const samples = nodeSamples;
  const ones = nodeOnes;
  let limit = scoreLimit(cutScore);
  let sum: u32 = 0;
  let key = load<u32>(keys);
  for (let at = keys; at < last; at += 4) {
    sum += key & 0xffff;
    const next = load<u32>(at, 4);
    const code = key >> 16;
    key = next;
    if (code === next >> 16) continue;
    const left: i32 = sum & 255;
    const leftOnes: i32 = sum >> 8;
    const difference = <f64>(leftOnes * samples - ones * left);
    if (difference * difference > <f64>(left * (samples - left)) * limit) {
      const score = computeScore(left, leftOnes);
      if (score > cutScore) {
        takeCut(score, feature, code, next >> 16, left, leftOnes, isPerfectCut(left, leftOnes));
        limit = scoreLimit(score);
      }
    }
  }
}

/** Visit the cells in use, and clear them. */
function scoreSparse(slot: i32, feature: u32): void {
  const cells = scratch + CELLS + <usize>slot * FEATURE_CELLS;
  const marks = scratch + MARKS + <usize>slot * FEATURE_MARKS;
  const samples = nodeSamples;
  const ones = nodeOnes;
  let limit = scoreLimit(cutScore);
  let sum: u32 = 0;
  let code: u32 = 0;
  for (let i: usize = 0; i < 4; i++) {
    let bits = load<u64>(marks + (i << 3));
    store<u64>(marks + (i << 3), 0);
    for (; bits !== 0; bits &= bits - 1) {
      const next = ((<u32>i) << 6) + <u32>ctz<u64>(bits);
      const left: i32 = sum & 0xffff;
      const leftOnes: i32 = sum >> 16;
      const difference = <f64>(leftOnes * samples - ones * left);
      // before the first cell both sides of this are zero
      if (difference * difference > <f64>(left * (samples - left)) * limit) {
        const score = computeScore(left, leftOnes);
        if (score > cutScore) {
          takeCut(score, feature, code, next, left, leftOnes, isPerfectCut(left, leftOnes));
          limit = scoreLimit(score);
        }
      }
      const at = cells + (next << 2);
      sum += load<u32>(at);
      store<u32>(at, 0);
      code = next;
    }
  }
}

/** Visit all cells, four at a time. An empty one has the score of the cell before it, so it does not win. */
function scoreDense(slot: i32, feature: u32): void {
  const cells = scratch + CELLS + <usize>slot * FEATURE_CELLS;
  const last = cells + ((<usize>load<u16>(numBins + ((<usize>feature) << 1))) << 2);
  const samples = i32x4.splat(nodeSamples);
  const ones = i32x4.splat(nodeOnes);
  const low = i32x4.splat(0xffff);
  const zero = i32x4.splat(0);
  let limit = f32x4.splat(roughScoreLimit(cutScore));
  let carry = zero;
  for (let at = cells; at < last; at += 16) {
    // running sums of both counts at once: neither overflows its half
    let sums = v128.load(at);
    sums = i32x4.add(sums, v128.shuffle<i32>(zero, sums, 0, 4, 5, 6));
    sums = i32x4.add(sums, v128.shuffle<i32>(zero, sums, 0, 1, 4, 5));
    sums = i32x4.add(sums, carry);
    carry = v128.shuffle<i32>(sums, sums, 3, 3, 3, 3);
    const left = v128.and(sums, low);
    const leftOnes = i32x4.shr_u(sums, 16);
    // exact although both products may overflow: the difference is below 2^30, as is the product of the sides
    const difference = f32x4.convert_i32x4_s(i32x4.sub(i32x4.mul(leftOnes, samples), i32x4.mul(ones, left)));
    const sides = f32x4.convert_i32x4_s(i32x4.mul(left, i32x4.sub(samples, left)));
    const isBetter = f32x4.gt(f32x4.mul(difference, difference), f32x4.mul(sides, limit));
    let bits = i32x4.bitmask(isBetter);
    if (bits === 0) continue;
    const best = cutScore;
    for (; bits !== 0; bits &= bits - 1) {
      const lane = ctz(bits);
      const sum =
        lane === 0
          ? i32x4.extract_lane(sums, 0)
          : lane === 1
            ? i32x4.extract_lane(sums, 1)
            : lane === 2
              ? i32x4.extract_lane(sums, 2)
              : i32x4.extract_lane(sums, 3);
      const sumLeft: i32 = sum & 0xffff;
      const sumOnes: i32 = sum >>> 16;
      const score = computeScore(sumLeft, sumOnes);
      if (score > cutScore) {
        const code = <u32>((at - cells) >> 2) + <u32>lane;
        takeCut(score, feature, code, nextInUse(cells, code), sumLeft, sumOnes, isPerfectCut(sumLeft, sumOnes));
      }
    }
    if (cutScore !== best) limit = f32x4.splat(roughScoreLimit(cutScore));
  }
}

/** Like `scoreLimit`, for single precision. */
function roughScoreLimit(score: f64): f32 {
  return <f32>(score * (1 - 1e-5));
}

function nextInUse(cells: usize, code: u32): u32 {
  let next = code + 1;
  while (load<u32>(cells + (next << 2)) === 0) next++;
  return next;
}

/** Like `scoreDense`, for the wide cells. */
function scoreWide(slot: i32, feature: u32): void {
  const cells = scratch + <usize>slot * FEATURE_CELLS;
  const bins: u32 = load<u16>(numBins + ((<usize>feature) << 1));
  let left: i32 = 0;
  let leftOnes: i32 = 0;
  let code: u32 = 0;
  for (let next: u32 = 0; next < bins; next++) {
    const at = cells + (next << 2);
    const added = load<i32>(at, WIDE_SAMPLES);
    if (added === 0) continue;
    if (left > 0) {
      const score = computeScore(left, leftOnes);
      if (score > cutScore) takeCut(score, feature, code, next, left, leftOnes, isPerfectCut(left, leftOnes));
    }
    left += added;
    leftOnes += load<i32>(at, WIDE_ONES);
    code = next;
  }
}
