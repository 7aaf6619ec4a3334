// AssemblyScript twin of mean-criterion.ts with the search of split-search.ts: the best split of a node by squared
// error, for regression, and for tables with missing values or categories, where two classes are the values 0 and 1.
// Sums are floating-point numbers, so the order of adding is part of the result: the rows of a code in their order,
// then the codes in ascending order.

import { cutCode, cutScore, markVaried, takeCut } from './cut';
import {
  CATEGORICAL,
  isCategorical,
  isRandom,
  keys,
  leafCount,
  MAX_CODES,
  MAX_SAMPLES_PER_ROW,
  MISSING_LEFT,
  minSamplesLeaf,
  nodeFlags,
  nodeSets,
  numBins,
  PAIR_BYTES,
  packedCodes,
  packedSamples,
  SET_BYTES,
  scratch,
} from './memory';
import { boundCodes, drawCut, NO_CUT } from './random-cut';
import { gatherCodes, readValue } from './rows';

const COUNTS: usize = 8; // offset in a pair; before it is the sum
const ONE_ROW: u64 = 1 << 32;

const MISSING: u32 = 255; // code
// regions of the scratch memory; cells and marks are zero between features
const CELLS: usize = 0; // a pair for each code
const MARKS: usize = CELLS + MAX_CODES * PAIR_BYTES;
const MARK_BYTES: usize = MAX_CODES >> 3;
const MEANS: usize = MARKS + MARK_BYTES; // of a node's categories, ascending
const ORDER: usize = MEANS + MAX_CODES * 8; // the categories in the order of their means
const SET: usize = ORDER + MAX_CODES * 4; // the categories that go left in the best split so far
const PARTITION_FLAGS: usize = SET + SET_BYTES; // of the split that is made

const MISSING_CELL: usize = CELLS + <usize>MISSING * PAIR_BYTES;
const MANY_ROWS: i32 = 256; // from here on, marking codes by a pass over the cells is faster than by one over the rows

let nodeStart: i32 = 0;
let nodeRows: i32 = 0;
let nodeWeight: f64 = 0;
let nodeSum: f64 = 0;
let firstValue: f64 = 0;
let isPure: bool = false;
let numLeaves: u32 = 0;
let numSets: u32 = 0;
// the best split so far
let isMissingLeft: bool = false;
let isSet: bool = false;
// scores of a node of two rows, with the first or the second on the left
let scoreFirst: f64 = 0;
let scoreSecond: f64 = 0;

/** Begin a tree. */
export function startValues(): void {
  memory.fill(scratch, 0, MARKS + MARK_BYTES);
  numLeaves = 0;
  numSets = 0;
}

/** @returns whether all values are equal */
export function enterValues(start: i32, end: i32): bool {
  const last = packedSamples + ((<usize>end) << 2);
  const first = readValue(load<u32>(packedSamples + ((<usize>start) << 2)));
  let samples: u32 = 0;
  let sum: f64 = 0;
  let isSame: bool = true;
  let to = keys;
  for (let at = packedSamples + ((<usize>start) << 2); at < last; at += 4) {
    const packed = load<u32>(at);
    const value = readValue(packed);
    const drawn = (packed >> 1) & MAX_SAMPLES_PER_ROW;
    const part = <f64>drawn * value;
    sum += part;
    samples += drawn;
    isSame = isSame && value === first;
    store<f64>(to, part);
    store<u64>(to, ONE_ROW | drawn, COUNTS);
    to += PAIR_BYTES;
  }
  nodeStart = start;
  nodeRows = end - start;
  nodeWeight = <f64>samples;
  nodeSum = sum;
  firstValue = first;
  isPure = isSame;
  if (nodeRows === 2) {
    scoreFirst = computeScore(load<f64>(keys), <f64>(<u32>load<u64>(keys, COUNTS)));
    scoreSecond = computeScore(load<f64>(keys + PAIR_BYTES), <f64>(<u32>load<u64>(keys + PAIR_BYTES, COUNTS)));
  }
  return isSame;
}

/** Append the value and the weight of the node to the list of leaves. @returns its index */
export function addValueLeaf(): u32 {
  const at = leafCount + <usize>numLeaves * PAIR_BYTES;
  store<f64>(at, isPure ? firstValue : nodeSum / nodeWeight);
  store<f64>(at, nodeWeight, 8);
  return numLeaves++;
}

export function tryValues(numSlots: i32, f0: u32, f1: u32, f2: u32, f3: u32): void {
  gatherCodes(nodeStart, nodeStart + nodeRows, f0, f1, f2, f3);
  if (isRandom) boundCodes(nodeStart, nodeStart + nodeRows);
  for (let slot = 0; slot < numSlots; slot++) {
    const feature = slot === 0 ? f0 : slot === 1 ? f1 : slot === 2 ? f2 : f3;
    if (isRandom) {
      scoreRandomCut(slot, feature);
      continue;
    }
    if (nodeRows === 2 && nodeFlags === 0) {
      scoreTwoRows(slot, feature);
      continue;
    }
    fillCells(slot);
    if (nodeRows < MANY_ROWS) markCodes(slot);
    else markFilled(nodeFlags === 0 ? countBins(feature) : <u32>MAX_CODES);
    if (nodeFlags === 0) scoreCells(feature, 0, 0, true);
    else if (load<u8>(isCategorical + <usize>feature)) scoreCategories(feature);
    else scoreWithMissing(feature);
  }
}

/** The sum adds the rows in their order. */
function scoreRandomCut(slot: i32, feature: u32): void {
  const cut = drawCut(slot);
  if (cut === NO_CUT) return;
  const last = keys + <usize>nodeRows * PAIR_BYTES;
  let codeAddress = packedCodes + ((<usize>nodeStart) << 2) + <usize>slot;
  let leftSum: f64 = 0;
  let leftCounts: u64 = 0;
  for (let from = keys; from < last; from += PAIR_BYTES) {
    const isLeft = load<u8>(codeAddress) <= cut;
    leftSum += isLeft ? load<f64>(from) : 0;
    leftCounts += isLeft ? load<u64>(from, COUNTS) : 0;
    codeAddress += 4;
  }
  const leftRows = <u32>(leftCounts >> 32);
  if (leftRows < <u32>minSamplesLeaf || leftRows > <u32>(nodeRows - minSamplesLeaf)) return;
  const score = computeScore(leftSum, <f64>(<u32>leftCounts));
  if (score > cutScore) takeCut(score, feature, cut, cut + 1, 0, 0, false);
}

function countBins(feature: u32): u32 {
  return load<u16>(numBins + ((<usize>feature) << 1));
}

/** A third of the nodes of a fully grown tree have two rows: the cells take 45 ns a feature, this a tenth of it. */
function scoreTwoRows(slot: i32, feature: u32): void {
  const codeAddress = packedCodes + ((<usize>nodeStart) << 2) + <usize>slot;
  const a: u32 = load<u8>(codeAddress);
  const b: u32 = load<u8>(codeAddress, 4);
  if (a === b) return;
  markVaried();
  const score = a < b ? scoreFirst : scoreSecond;
  if (score > cutScore) takeCut(score, feature, min(a, b), max(a, b), 0, 0, false);
}

function computeScore(leftSum: f64, leftWeight: f64): f64 {
  const difference = leftSum * nodeWeight - nodeSum * leftWeight;
  return (difference * difference) / (leftWeight * (nodeWeight - leftWeight));
}

function fillCells(slot: i32): void {
  const last = keys + <usize>nodeRows * PAIR_BYTES;
  let codeAddress = packedCodes + ((<usize>nodeStart) << 2) + <usize>slot;
  for (let from = keys; from < last; from += PAIR_BYTES) {
    const cell = scratch + <usize>load<u8>(codeAddress) * PAIR_BYTES;
    store<f64>(cell, load<f64>(cell) + load<f64>(from));
    store<u64>(cell, load<u64>(cell, COUNTS) + load<u64>(from, COUNTS), COUNTS);
    codeAddress += 4;
  }
}

function markCodes(slot: i32): void {
  const last = packedCodes + ((<usize>(nodeStart + nodeRows)) << 2);
  for (let codeAddress = packedCodes + ((<usize>nodeStart) << 2) + <usize>slot; codeAddress < last; codeAddress += 4) {
    const code: u64 = load<u8>(codeAddress);
    const mark = scratch + MARKS + <usize>((code >> 6) << 3);
    store<u64>(mark, load<u64>(mark) | ((<u64>1) << (code & 63)));
  }
}

function markFilled(bins: u32): void {
  let mark = scratch + MARKS;
  for (let first: u32 = 0; first < bins; first += 64) {
    const end = min(first + 64, bins);
    let bits: u64 = 0;
    for (let code = first; code < end; code++) {
      const counts = load<u64>(scratch + <usize>code * PAIR_BYTES, COUNTS);
      bits |= (<u64>(counts !== 0)) << (<u64>code & 63);
    }
    store<u64>(mark, bits);
    mark += 8;
  }
}

/**
 * Keep the best cut between neighbouring codes, if it beats the best so far.
 *
 * @param missingSum sum of the rows with a missing value, if they go left, else 0; `missingCounts` likewise
 * @param isLast whether to clear cells and marks
 * @returns the number of codes
 */
function scoreCells(feature: u32, missingSum: f64, missingCounts: u64, isLast: bool): u32 {
  const leastRows: u32 = minSamplesLeaf;
  const mostRows: u32 = nodeRows - minSamplesLeaf; // of the left child; smaller nodes are not searched
  let best = cutScore;
  let leftSum = missingSum;
  let leftCounts = missingCounts;
  let before: u32 = 0;
  let numCodes: u32 = 0;
  for (let i: u32 = 0; i < 4; i++) {
    const mark = scratch + MARKS + <usize>(i << 3);
    for (let bits = load<u64>(mark); bits !== 0; bits &= bits - 1) {
      const code = (i << 6) + <u32>ctz(bits);
      const cell = scratch + <usize>code * PAIR_BYTES;
      const leftRows = <u32>(leftCounts >> 32);
      if (numCodes > 0 && leftRows >= leastRows && leftRows <= mostRows) {
        const leftWeight = <f64>(<u32>leftCounts);
        const score = computeScore(leftSum, leftWeight);
        if (score > best) {
          best = score;
          takeCut(score, feature, before, code, 0, 0, false);
          isSet = false;
          isMissingLeft = missingCounts !== 0 || (isLast && 2 * leftWeight > nodeWeight);
        }
      }
      leftSum += load<f64>(cell);
      leftCounts += load<u64>(cell, COUNTS);
      if (isLast) {
        store<f64>(cell, 0);
        store<u64>(cell, 0, COUNTS);
      }
      before = code;
      numCodes++;
    }
    if (isLast) store<u64>(mark, 0);
  }
  if (numCodes > 1) markVaried();
  return numCodes;
}

/**
 * Score all cuts with the missing values on the right, last the one that leaves only them there; then with them on the
 * left.
 */
function scoreWithMissing(feature: u32): void {
  const missing = scratch + MISSING_CELL;
  const missingSum = load<f64>(missing);
  const missingCounts = load<u64>(missing, COUNTS);
  if (missingCounts === 0) {
    scoreCells(feature, 0, 0, true);
    return;
  }
  store<f64>(missing, 0);
  store<u64>(missing, 0, COUNTS);
  const lastMark = scratch + MARKS + MARK_BYTES - 8;
  store<u64>(lastMark, load<u64>(lastMark) & ~((<u64>1) << 63));
  const numCodes = scoreCells(feature, 0, 0, false);
  if (numCodes > 0) {
    markVaried();
    const leftRows = <u32>nodeRows - <u32>(missingCounts >> 32);
    if (leftRows >= <u32>minSamplesLeaf && leftRows <= <u32>(nodeRows - minSamplesLeaf)) {
      const leftWeight = nodeWeight - <f64>(<u32>missingCounts);
      const score = computeScore(sumCells(), leftWeight);
      if (score > cutScore) {
        const last = countBins(feature) - 1;
        takeCut(score, feature, last, last + 1, 0, 0, false);
        isSet = false;
        isMissingLeft = false;
      }
    }
  }
  scoreCells(feature, missingSum, missingCounts, true);
}

/** In ascending order of the codes, as `scoreCells` adds them up. */
function sumCells(): f64 {
  let sum: f64 = 0;
  for (let i: u32 = 0; i < 4; i++) {
    for (let bits = load<u64>(scratch + MARKS + <usize>(i << 3)); bits !== 0; bits &= bits - 1) {
      sum += load<f64>(scratch + <usize>((i << 6) + <u32>ctz(bits)) * PAIR_BYTES);
    }
  }
  return sum;
}

/**
 * Twin of category-order.ts: order the categories by mean, equal ones by code; the first ones go left. A missing value
 * is a separate category. Clears cells and marks.
 */
function scoreCategories(feature: u32): void {
  const numGroups = orderCategories();
  if (numGroups > 1) markVaried();
  const leastRows: u32 = minSamplesLeaf;
  const mostRows: u32 = nodeRows - minSamplesLeaf;
  let best = cutScore;
  let bestGroups: u32 = 0;
  let isLeftBigger = false;
  let leftSum: f64 = 0;
  let leftCounts: u64 = 0;
  for (let g: u32 = 0; g < numGroups; g++) {
    const cell = scratch + <usize>groupAt(g) * PAIR_BYTES;
    leftSum += load<f64>(cell);
    leftCounts += load<u64>(cell, COUNTS);
    store<f64>(cell, 0);
    store<u64>(cell, 0, COUNTS);
    const leftRows = <u32>(leftCounts >> 32);
    if (g + 1 === numGroups || leftRows < leastRows || leftRows > mostRows) continue;
    const leftWeight = <f64>(<u32>leftCounts);
    const score = computeScore(leftSum, leftWeight);
    if (score > best) {
      best = score;
      bestGroups = g + 1;
      isLeftBigger = 2 * leftWeight > nodeWeight;
    }
  }
  memory.fill(scratch + MARKS, 0, MARK_BYTES);
  if (bestGroups === 0) return;
  takeCut(best, feature, 0, 1, 0, 0, false);
  keepCategories(numGroups, bestGroups, isLeftBigger);
}

/** @returns the number of categories of the node */
function orderCategories(): u32 {
  const means = scratch + MEANS;
  const order = scratch + ORDER;
  let numGroups: u32 = 0;
  for (let i: u32 = 0; i < 4; i++) {
    for (let bits = load<u64>(scratch + MARKS + <usize>(i << 3)); bits !== 0; bits &= bits - 1) {
      const code = (i << 6) + <u32>ctz(bits);
      const cell = scratch + <usize>code * PAIR_BYTES;
      const mean = load<f64>(cell) / <f64>(<u32>load<u64>(cell, COUNTS));
      let at = numGroups++;
      for (; at > 0 && load<f64>(means + ((<usize>at - 1) << 3)) > mean; at--) {
        store<f64>(means + ((<usize>at) << 3), load<f64>(means + ((<usize>at - 1) << 3)));
        store<u32>(order + ((<usize>at) << 2), load<u32>(order + ((<usize>at - 1) << 2)));
      }
      store<f64>(means + ((<usize>at) << 3), mean);
      store<u32>(order + ((<usize>at) << 2), code);
    }
  }
  return numGroups;
}

function groupAt(g: u32): u32 {
  return load<u32>(scratch + ORDER + ((<usize>g) << 2));
}

/** The first `numLeft` categories go left; those without a row in the node go to the bigger child. */
function keepCategories(numGroups: u32, numLeft: u32, isLeftBigger: bool): void {
  const set = scratch + SET;
  memory.fill(set, isLeftBigger ? 255 : 0, SET_BYTES);
  isSet = true;
  isMissingLeft = isLeftBigger;
  for (let g: u32 = 0; g < numGroups; g++) {
    const code = groupAt(g);
    const isLeft = g < numLeft;
    if (code === MISSING) isMissingLeft = isLeft;
    const at = set + <usize>(code >> 3);
    const bit: u32 = 1 << (code & 7);
    const bits: u32 = load<u8>(at);
    store<u8>(at, <u8>(isLeft ? bits | bit : bits & ~bit));
  }
  store<u8>(set, load<u8>(set, SET_BYTES - 1) & 127, SET_BYTES - 1); // code 255 is not a category
}

/** Store the flags and the set of the best split. @returns the partition flags */
export function addSplit(node: i32): usize {
  const isLeft = scratch + PARTITION_FLAGS;
  if (isSet) {
    const set = scratch + SET;
    memory.copy(nodeSets + <usize>numSets * SET_BYTES, set, SET_BYTES);
    numSets++;
    for (let code: u32 = 0; code < MISSING; code++) {
      store<u8>(isLeft + <usize>code, <u8>((load<u8>(set + <usize>(code >> 3)) >> (<u8>code & 7)) & 1));
    }
  } else {
    memory.fill(isLeft, 0, MAX_CODES);
    memory.fill(isLeft, 1, cutCode + 1);
  }
  store<u8>(isLeft, isMissingLeft, MISSING);
  store<u8>(nodeFlags + <usize>node, (isMissingLeft ? MISSING_LEFT : 0) | (isSet ? CATEGORICAL : 0));
  return isLeft;
}
