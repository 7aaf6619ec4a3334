// AssemblyScript twin of mean-criterion.ts with the search of split-search.ts: the best cut of a node whose rows have
// values, by squared error. Sums are of floating-point numbers, so the order is part of the result: the rows of a code
// are added up in their order, and the codes' sums by code.

import { cutScore, noteVaried, takeCut } from './cut';
import { entries, keys, leafCount, minSamplesLeaf, numBins, scratch, words } from './memory';
import { gatherWords, MAX_SAMPLES_PER_ROW, readValue } from './rows';

// a row is a pair of samples × value and of counts: rows << 32 | samples; so is the cell of a code
const PAIR: usize = 16;
const COUNTS: usize = 8; // offset in a pair
const ONE_ROW: u64 = 1 << 32;

const CELLS: usize = 4096; // bytes: a pair for each code; after them a bit for each code, set where the node has it
const MARKS: usize = 32;
const MANY_ROWS: i32 = 256; // from here on, looking through the cells is quicker than marking their codes row by row

let nodeStart: i32 = 0;
let nodeRows: i32 = 0;
let nodeWeight: f64 = 0;
let nodeSum: f64 = 0;
let firstValue: f64 = 0;
let isPure: bool = false;
let numLeaves: u32 = 0;
// of a node of two rows, with the first or the second on the left
let scoreFirst: f64 = 0;
let scoreSecond: f64 = 0;

/** Turn to a new tree. */
export function startValues(): void {
  memory.fill(scratch, 0, CELLS + MARKS);
  numLeaves = 0;
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
  for (let slot = 0; slot < numSlots; slot++) {
    const feature = slot === 0 ? f0 : slot === 1 ? f1 : slot === 2 ? f2 : f3;
    if (nodeRows === 2) {
      scoreTwoRows(slot, feature);
      continue;
    }
    fillCells(slot);
    if (nodeRows < MANY_ROWS) markCodes(slot);
    else markFilled(load<u16>(numBins + ((<usize>feature) << 1)));
    scoreCells(feature);
  }
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

/** Keep the best cut between neighbouring codes, if it beats the best so far; cells and marks are empty afterwards. */
function scoreCells(feature: u32): void {
  const leastRows: u32 = minSamplesLeaf;
  const mostRows: u32 = nodeRows - minSamplesLeaf; // of the left rows; a node of fewer is not searched
  let best = cutScore;
  let leftSum: f64 = 0;
  let leftCounts: u64 = 0;
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
        }
      }
      leftSum += load<f64>(cell);
      leftCounts += load<u64>(cell, COUNTS);
      store<f64>(cell, 0);
      store<u64>(cell, 0, COUNTS);
      before = code;
      numCodes++;
    }
    store<u64>(mark, 0);
  }
  if (numCodes > 1) noteVaried();
}
