// AssemblyScript twin of mean-criterion.ts with the search of split-search.ts: the best cut of a node whose rows have
// values, by squared error; with values missing and categories. Two classes are the values 0 and 1. Sums are of
// floating-point numbers, so the order is part of the result: the rows of a code are added up in their order, and the
// codes' sums by code.

import { cutCode, cutScore, noteVaried, takeCut } from './cut';
import {
  entries,
  isCategorical,
  isRandom,
  keys,
  leafCount,
  minSamplesLeaf,
  nodeFlags,
  nodeSets,
  numBins,
  scratch,
  words,
} from './memory';
import { boundWords, drawCut, NO_CUT } from './random-cut';
import { gatherWords, MAX_SAMPLES_PER_ROW, readValue } from './rows';

// a row is a pair of samples × value and of counts: rows << 32 | samples; so is the cell of a code
const PAIR: usize = 16;
const COUNTS: usize = 8; // offset in a pair
const ONE_ROW: u64 = 1 << 32;

const CELLS: usize = 4096; // bytes: a pair for each code; after them a bit for each code, set where the node has it
const MARKS: usize = 32;
const MISSING: u32 = 255;
const MISSING_CELL: usize = <usize>MISSING * PAIR;
// further on in the scratch memory: of the categories of a node their means, their order by these, and which go left in
// the best split so far; and which codes go left in the split that is made
const MEANS: usize = 8192;
const ORDER: usize = 10240;
const SET: usize = 11264;
const SET_BYTES: usize = 32;
const IS_LEFT: usize = 11520;
// flags of a node, as in tree.ts
const MISSING_LEFT: u8 = 1;
const CATEGORICAL: u8 = 2;
const MANY_ROWS: i32 = 256; // from here on, looking through the cells is quicker than marking their codes row by row

let nodeStart: i32 = 0;
let nodeRows: i32 = 0;
let nodeWeight: f64 = 0;
let nodeSum: f64 = 0;
let firstValue: f64 = 0;
let isPure: bool = false;
let numLeaves: u32 = 0;
let numSets: u32 = 0;
// of the best split so far
let isMissingLeft: bool = false;
let isSet: bool = false;
// of a node of two rows, with the first or the second on the left
let scoreFirst: f64 = 0;
let scoreSecond: f64 = 0;

/** Turn to a new tree. */
export function startValues(): void {
  memory.fill(scratch, 0, CELLS + MARKS);
  numLeaves = 0;
  numSets = 0;
}

/** @returns whether all values are equal */
export function enterValues(start: i32, end: i32): bool {
  const last = entries + ((<usize>end) << 2);
  const first = readValue(load<u32>(entries + ((<usize>start) << 2)));
  let samples: u32 = 0;
  let sum: f64 = 0;
  let isSame: bool = true;
  let to = keys;
  for (let at = entries + ((<usize>start) << 2); at < last; at += 4) {
    const entry = load<u32>(at);
    const value = readValue(entry);
    const drawn = (entry >> 1) & MAX_SAMPLES_PER_ROW;
    const part = <f64>drawn * value;
    sum += part;
    samples += drawn;
    isSame = isSame && value === first;
    store<f64>(to, part);
    store<u64>(to, ONE_ROW | drawn, COUNTS);
    to += PAIR;
  }
  nodeStart = start;
  nodeRows = end - start;
  nodeWeight = <f64>samples;
  nodeSum = sum;
  firstValue = first;
  isPure = isSame;
  if (nodeRows === 2) {
    scoreFirst = scoreOf(load<f64>(keys), <f64>(<u32>load<u64>(keys, COUNTS)));
    scoreSecond = scoreOf(load<f64>(keys + PAIR), <f64>(<u32>load<u64>(keys + PAIR, COUNTS)));
  }
  return isSame;
}

/** Add the value and the weight of the node to the list. @returns its place */
export function addValueLeaf(): u32 {
  const at = leafCount + <usize>numLeaves * PAIR;
  store<f64>(at, isPure ? firstValue : nodeSum / nodeWeight);
  store<f64>(at, nodeWeight, 8);
  return numLeaves++;
}

export function tryValues(numSlots: i32, f0: u32, f1: u32, f2: u32, f3: u32): void {
  gatherWords(nodeStart, nodeStart + nodeRows, f0, f1, f2, f3);
  if (isRandom) boundWords(nodeStart, nodeStart + nodeRows);
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
    else markFilled(nodeFlags === 0 ? binsOf(feature) : 256);
    if (nodeFlags === 0) scoreCells(feature, 0, 0, true);
    else if (load<u8>(isCategorical + <usize>feature)) scoreCategories(feature);
    else scoreWithMissing(feature);
  }
}

/** The sum is of the rows in their order. */
function scoreRandomCut(slot: i32, feature: u32): void {
  const cut = drawCut(slot);
  if (cut === NO_CUT) return;
  const last = keys + <usize>nodeRows * PAIR;
  let word = words + ((<usize>nodeStart) << 2) + <usize>slot;
  let leftSum: f64 = 0;
  let leftCounts: u64 = 0;
  for (let from = keys; from < last; from += PAIR) {
    const isLeft = load<u8>(word) <= cut;
    leftSum += isLeft ? load<f64>(from) : 0;
    leftCounts += isLeft ? load<u64>(from, COUNTS) : 0;
    word += 4;
  }
  const leftRows = <u32>(leftCounts >> 32);
  if (leftRows < <u32>minSamplesLeaf || leftRows > <u32>(nodeRows - minSamplesLeaf)) return;
  const score = scoreOf(leftSum, <f64>(<u32>leftCounts));
  if (score > cutScore) takeCut(score, feature, cut, cut + 1, 0, 0, false);
}

function binsOf(feature: u32): u32 {
  return load<u16>(numBins + ((<usize>feature) << 1));
}

/** A third of the nodes of a tree grown to the end have two rows: 45 ns a feature by way of the cells, a tenth of it so. */
function scoreTwoRows(slot: i32, feature: u32): void {
  const word = words + ((<usize>nodeStart) << 2) + <usize>slot;
  const a: u32 = load<u8>(word);
  const b: u32 = load<u8>(word, 4);
  if (a === b) return;
  noteVaried();
  const score = a < b ? scoreFirst : scoreSecond;
  if (score > cutScore) takeCut(score, feature, min(a, b), max(a, b), 0, 0, false);
}

function scoreOf(leftSum: f64, leftWeight: f64): f64 {
  const difference = leftSum * nodeWeight - nodeSum * leftWeight;
  return (difference * difference) / (leftWeight * (nodeWeight - leftWeight));
}

function fillCells(slot: i32): void {
  const last = keys + <usize>nodeRows * PAIR;
  let word = words + ((<usize>nodeStart) << 2) + <usize>slot;
  for (let from = keys; from < last; from += PAIR) {
    const cell = scratch + <usize>load<u8>(word) * PAIR;
    store<f64>(cell, load<f64>(cell) + load<f64>(from));
    store<u64>(cell, load<u64>(cell, COUNTS) + load<u64>(from, COUNTS), COUNTS);
    word += 4;
  }
}

function markCodes(slot: i32): void {
  const last = words + ((<usize>(nodeStart + nodeRows)) << 2);
  for (let word = words + ((<usize>nodeStart) << 2) + <usize>slot; word < last; word += 4) {
    const code: u64 = load<u8>(word);
    const mark = scratch + CELLS + <usize>((code >> 6) << 3);
    store<u64>(mark, load<u64>(mark) | ((<u64>1) << (code & 63)));
  }
}

function markFilled(bins: u32): void {
  let mark = scratch + CELLS;
  for (let first: u32 = 0; first < bins; first += 64) {
    const end = min(first + 64, bins);
    let bits: u64 = 0;
    for (let code = first; code < end; code++) {
      const counts = load<u64>(scratch + <usize>code * PAIR, COUNTS);
      bits |= (<u64>(counts !== 0)) << (<u64>code & 63);
    }
    store<u64>(mark, bits);
    mark += 8;
  }
}

/**
 * Keep the best cut between neighbouring codes, if it beats the best so far.
 *
 * @param missingSum of rows that go left before all others
 * @param isLast whether cells and marks are to be empty afterwards
 * @returns how many codes there are
 */
function scoreCells(feature: u32, missingSum: f64, missingCounts: u64, isLast: bool): u32 {
  const leastRows: u32 = minSamplesLeaf;
  const mostRows: u32 = nodeRows - minSamplesLeaf; // of the left rows; a node of fewer is not searched
  let best = cutScore;
  let leftSum = missingSum;
  let leftCounts = missingCounts;
  let before: u32 = 0;
  let numCodes: u32 = 0;
  for (let i: u32 = 0; i < 4; i++) {
    const mark = scratch + CELLS + <usize>(i << 3);
    for (let bits = load<u64>(mark); bits !== 0; bits &= bits - 1) {
      const code = (i << 6) + <u32>ctz(bits);
      const cell = scratch + <usize>code * PAIR;
      const leftRows = <u32>(leftCounts >> 32);
      if (numCodes > 0 && leftRows >= leastRows && leftRows <= mostRows) {
        const leftWeight = <f64>(<u32>leftCounts);
        const score = scoreOf(leftSum, leftWeight);
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
  if (numCodes > 1) noteVaried();
  return numCodes;
}

/** All cuts with the missing values on the right, the last of them alone there; then with them on the left. */
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
  const lastMark = scratch + CELLS + MARKS - 8;
  store<u64>(lastMark, load<u64>(lastMark) & ~((<u64>1) << 63));
  const numCodes = scoreCells(feature, 0, 0, false);
  if (numCodes > 0) {
    noteVaried();
    const leftRows = <u32>nodeRows - <u32>(missingCounts >> 32);
    if (leftRows >= <u32>minSamplesLeaf && leftRows <= <u32>(nodeRows - minSamplesLeaf)) {
      const leftWeight = nodeWeight - <f64>(<u32>missingCounts);
      const score = scoreOf(sumOfCells(), leftWeight);
      if (score > cutScore) {
        const last = binsOf(feature) - 1;
        takeCut(score, feature, last, last + 1, 0, 0, false);
        isSet = false;
        isMissingLeft = false;
      }
    }
  }
  scoreCells(feature, missingSum, missingCounts, true);
}

/** By code, as a sweep adds them up. */
function sumOfCells(): f64 {
  let sum: f64 = 0;
  for (let i: u32 = 0; i < 4; i++) {
    for (let bits = load<u64>(scratch + CELLS + <usize>(i << 3)); bits !== 0; bits &= bits - 1) {
      sum += load<f64>(scratch + <usize>((i << 6) + <u32>ctz(bits)) * PAIR);
    }
  }
  return sum;
}

/**
 * Twin of category-order.ts: the categories by their means, equal ones by code, of which the first go left; a missing
 * value is a category of its own. Cells and marks are empty afterwards.
 */
function scoreCategories(feature: u32): void {
  const numGroups = orderCategories();
  if (numGroups > 1) noteVaried();
  const leastRows: u32 = minSamplesLeaf;
  const mostRows: u32 = nodeRows - minSamplesLeaf;
  let best = cutScore;
  let bestGroups: u32 = 0;
  let isLeftBigger = false;
  let leftSum: f64 = 0;
  let leftCounts: u64 = 0;
  for (let g: u32 = 0; g < numGroups; g++) {
    const cell = scratch + <usize>groupAt(g) * PAIR;
    leftSum += load<f64>(cell);
    leftCounts += load<u64>(cell, COUNTS);
    store<f64>(cell, 0);
    store<u64>(cell, 0, COUNTS);
    const leftRows = <u32>(leftCounts >> 32);
    if (g + 1 === numGroups || leftRows < leastRows || leftRows > mostRows) continue;
    const leftWeight = <f64>(<u32>leftCounts);
    const score = scoreOf(leftSum, leftWeight);
    if (score > best) {
      best = score;
      bestGroups = g + 1;
      isLeftBigger = 2 * leftWeight > nodeWeight;
    }
  }
  memory.fill(scratch + CELLS, 0, MARKS);
  if (bestGroups === 0) return;
  takeCut(best, feature, 0, 1, 0, 0, false);
  keepCategories(numGroups, bestGroups, isLeftBigger);
}

/** @returns how many categories the node has */
function orderCategories(): u32 {
  const means = scratch + MEANS;
  const order = scratch + ORDER;
  let numGroups: u32 = 0;
  for (let i: u32 = 0; i < 4; i++) {
    for (let bits = load<u64>(scratch + CELLS + <usize>(i << 3)); bits !== 0; bits &= bits - 1) {
      const code = (i << 6) + <u32>ctz(bits);
      const cell = scratch + <usize>code * PAIR;
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

/** The categories of the first groups go left; those that the node has none of go to the bigger child. */
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
  store<u8>(set, load<u8>(set, SET_BYTES - 1) & 127, SET_BYTES - 1); // code 255 is no category
}

/** Write down what the best split asks of a node beside its feature and cut. @returns a byte for each code: 1 goes left */
export function addSplit(node: i32): usize {
  const isLeft = scratch + IS_LEFT;
  if (isSet) {
    const set = scratch + SET;
    memory.copy(nodeSets + <usize>numSets * SET_BYTES, set, SET_BYTES);
    numSets++;
    for (let code: u32 = 0; code < MISSING; code++) {
      store<u8>(isLeft + <usize>code, <u8>((load<u8>(set + <usize>(code >> 3)) >> (<u8>code & 7)) & 1));
    }
  } else {
    memory.fill(isLeft, 0, 256);
    memory.fill(isLeft, 1, cutCode + 1);
  }
  store<u8>(isLeft, isMissingLeft, MISSING);
  store<u8>(nodeFlags + <usize>node, (isMissingLeft ? MISSING_LEFT : 0) | (isSet ? CATEGORICAL : 0));
  return isLeft;
}
