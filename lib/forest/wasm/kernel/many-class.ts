// AssemblyScript: the best cut of a node with any number of classes, or with a lower limit on the rows of a child.
// All sums are integers below 2^53, so the order of adding does not matter.

import { cutScore, isPerfect, markVaried, takeCut } from './cut';
import { endLeaf, pushLeaf } from './leaves';
import {
  HISTOGRAM_CLASSES,
  isRandom,
  keys,
  leftCounts,
  MAX_CODES,
  MAX_SAMPLES_PER_ROW,
  minSamplesLeaf,
  numBins,
  numClasses,
  packedCodes,
  packedSamples,
  scratch,
  sortedKeys,
  totals,
} from './memory';
import { boundCodes, drawCut, NO_CUT } from './random-cut';
import { gatherCodes, readLabel } from './rows';

const INSERTION_ROWS: i32 = 32; // up to here, insertion sort is faster than counting

const HISTOGRAM_ROWS: i32 = 64; // for each class; with more, a cell for each code and class is faster than a sort

const SORT_BYTES: usize = MAX_CODES << 2; // a count for each code

// a key is code << 20 | class << 4 | samples
const CODE_SHIFT: u32 = 20;
const CLASS_SHIFT: u32 = 4;
const CLASS_MASK: u32 = 0xffff;

let nodeStart: i32 = 0;
let nodeRows: i32 = 0;
let nodeSamples: f64 = 0;
let nodeSquares: f64 = 0; // sum over the classes of their samples squared

/** @returns whether all samples are of one class */
export function enterManyClass(start: i32, end: i32): bool {
  // clear the previous node
  for (let i = 0; i < nodeRows; i++) store<u32>(totals + ((<usize>(keyAt(keys, i) >> CLASS_SHIFT)) << 2), 0);
  let samples: f64 = 0;
  let squares: f64 = 0;
  for (let i = start; i < end; i++) {
    const packed = load<u32>(packedSamples + ((<usize>i) << 2));
    const label = readLabel(packed);
    const added = (packed >> 1) & MAX_SAMPLES_PER_ROW;
    store<u32>(keys + ((<usize>(i - start)) << 2), (label << CLASS_SHIFT) | added);
    const total = totals + ((<usize>label) << 2);
    const before = load<u32>(total);
    samples += <f64>added;
    squares += <f64>added * <f64>(2 * before + added);
    store<u32>(total, before + added);
  }
  nodeStart = start;
  nodeRows = end - start;
  nodeSamples = samples;
  nodeSquares = squares;
  return squares === samples * samples;
}

/** Set the totals of the last node to zero, as a new tree needs them. */
export function leaveManyClass(): void {
  for (let i = 0; i < nodeRows; i++) store<u32>(totals + ((<usize>(keyAt(keys, i) >> CLASS_SHIFT)) << 2), 0);
  nodeRows = 0;
}

export function addManyClassLeaf(): u32 {
  let first: u32 = CLASS_MASK;
  let last: u32 = 0;
  for (let i = 0; i < nodeRows; i++) {
    const label = keyAt(keys, i) >> CLASS_SHIFT;
    first = min(first, label);
    last = max(last, label);
  }
  for (let label = first; label <= last; label++) {
    const samples = load<u32>(totals + ((<usize>label) << 2));
    if (samples > 0) pushLeaf(label, samples);
  }
  return endLeaf();
}

export function tryManyClass(numSlots: i32, f0: u32, f1: u32, f2: u32, f3: u32): void {
  gatherCodes(nodeStart, nodeStart + nodeRows, f0, f1, f2, f3);
  if (isRandom) {
    boundCodes(nodeStart, nodeStart + nodeRows);
    for (let slot = 0; slot < numSlots; slot++)
      scoreRandomCut(slot, slot === 0 ? f0 : slot === 1 ? f1 : slot === 2 ? f2 : f3);
    return;
  }
  if (
    minSamplesLeaf === 1 &&
    numClasses > 2 &&
    numClasses <= HISTOGRAM_CLASSES &&
    nodeRows > HISTOGRAM_ROWS * numClasses
  ) {
    fillCells();
    for (let slot = 0; slot < numSlots; slot++)
      scoreCells(slot, slot === 0 ? f0 : slot === 1 ? f1 : slot === 2 ? f2 : f3);
    return;
  }
  for (let slot = 0; slot < numSlots && !isPerfect; slot++) {
    const shift = (<u32>slot) << 3;
    if (nodeRows <= INSERTION_ROWS) insertionSort(shift);
    else countingSort(shift);
    scoreSorted(slot === 0 ? f0 : slot === 1 ? f1 : slot === 2 ? f2 : f3);
  }
}

/**
 * Never reports a perfect cut: that would skip draws, and the features that follow take theirs from the same stream.
 */
function scoreRandomCut(slot: i32, feature: u32): void {
  const cut = drawCut(slot);
  if (cut === NO_CUT) return;
  let codeAddress = packedCodes + ((<usize>nodeStart) << 2) + <usize>slot;
  let leftRows: i32 = 0;
  let leftSamples: f64 = 0;
  for (let i = 0; i < nodeRows; i++) {
    const isLeft = u32(load<u8>(codeAddress) <= cut);
    const key = keyAt(keys, i);
    const moved = (key & MAX_SAMPLES_PER_ROW) * isLeft;
    addTo(leftCounts + ((<usize>(key >> CLASS_SHIFT)) << 2), moved);
    leftSamples += <f64>moved;
    leftRows += isLeft;
    codeAddress += 4;
  }
  const score = scoreOfCounts(leftSamples);
  if (leftRows < minSamplesLeaf || nodeRows - leftRows < minSamplesLeaf) return;
  if (score > cutScore) takeCut(score, feature, cut, cut + 1, 0, 0, false);
}

/** Score of the cut whose left samples are in `leftCounts`, which is all zero afterwards. */
function scoreOfCounts(leftSamples: f64): f64 {
  const rightSamples = nodeSamples - leftSamples;
  if (numClasses <= 2) {
    const difference = <f64>load<u32>(leftCounts, 4) * nodeSamples - <f64>load<u32>(totals, 4) * leftSamples;
    store<u64>(leftCounts, 0);
    return (difference * difference) / (leftSamples * rightSamples);
  }
  let leftSquares: f64 = 0;
  let products: f64 = 0; // sum over the classes of their samples on the left times those of the node
  for (let i = 0; i < nodeRows; i++) {
    const at = (<usize>(keyAt(keys, i) >> CLASS_SHIFT)) << 2;
    const left = <f64>load<u32>(leftCounts + at);
    leftSquares += left * left;
    products += left * <f64>load<u32>(totals + at);
    store<u32>(leftCounts + at, 0); // so that a class that comes again adds nothing
  }
  const rightSquares = nodeSquares - 2 * products + leftSquares;
  return leftSquares / leftSamples + rightSquares / rightSamples;
}

/** Count samples by code and class, for the four features of a pass at once. */
function fillCells(): void {
  const featureBytes: usize = (<usize>numClasses) << 10;
  const codeBytes: u32 = numClasses << 2;
  memory.fill(scratch, 0, featureBytes << 2);
  for (let i = 0; i < nodeRows; i++) {
    const key = keyAt(keys, i);
    const samples = key & MAX_SAMPLES_PER_ROW;
    const four = load<u32>(packedCodes + ((<usize>(nodeStart + i)) << 2));
    let at = scratch + ((<usize>(key >> CLASS_SHIFT)) << 2);
    addTo(at + <usize>((four & 255) * codeBytes), samples);
    at += featureBytes;
    addTo(at + <usize>(((four >> 8) & 255) * codeBytes), samples);
    at += featureBytes;
    addTo(at + <usize>(((four >> 16) & 255) * codeBytes), samples);
    at += featureBytes;
    addTo(at + <usize>((four >> 24) * codeBytes), samples);
  }
}

function addTo(at: usize, samples: u32): void {
  store<u32>(at, load<u32>(at) + samples);
}

/** Like `scoreSorted`, by the cells of more than two classes. */
function scoreCells(slot: i32, feature: u32): void {
  const samples = nodeSamples;
  const bins: u32 = load<u16>(numBins + ((<usize>feature) << 1));
  let at = scratch + <usize>slot * ((<usize>numClasses) << 10);
  let leftSamples: f64 = 0;
  let leftSquares: f64 = 0;
  let rightSquares = nodeSquares;
  let code: u32 = 0;
  for (let next: u32 = 0; next < bins; next++) {
    const score = leftSquares / leftSamples + rightSquares / (samples - leftSamples);
    const beforeSamples = leftSamples;
    const beforeLeft = leftSquares;
    const beforeRight = rightSquares;
    for (let label = 0; label < numClasses; label++) {
      const moved = load<u32>(at);
      at += 4;
      const left = leftCounts + ((<usize>label) << 2);
      const before = load<u32>(left);
      const total = load<u32>(totals + ((<usize>label) << 2));
      leftSquares += <f64>moved * (<f64>(2 * before) + <f64>moved);
      rightSquares -= <f64>moved * (<f64>(2 * (total - before)) - <f64>moved);
      store<u32>(left, before + moved);
      leftSamples += <f64>moved;
    }
    if (leftSamples === beforeSamples) continue; // no row has this code
    if (beforeSamples > 0) {
      markVaried();
      if (score > cutScore) {
        const rightSamples = samples - beforeSamples;
        const perfect = beforeLeft === beforeSamples * beforeSamples && beforeRight === rightSamples * rightSamples;
        takeCut(score, feature, code, next, 0, 0, perfect);
      }
    }
    code = next;
  }
  memory.fill(leftCounts, 0, (<usize>numClasses) << 2);
}

function keyAt(from: usize, i: i32): u32 {
  return load<u32>(from + ((<usize>i) << 2));
}

function codeAt(i: i32, shift: u32): u32 {
  return (load<u32>(packedCodes + ((<usize>(nodeStart + i)) << 2)) >> shift) & 255;
}

function insertionSort(shift: u32): void {
  for (let i = 0; i < nodeRows; i++) {
    const key = (codeAt(i, shift) << CODE_SHIFT) | keyAt(keys, i);
    let at = sortedKeys + ((<usize>i) << 2);
    for (; at > sortedKeys; at -= 4) {
      const before = load<u32>(at - 4);
      if (before <= key) break;
      store<u32>(at, before);
    }
    store<u32>(at, key);
  }
}

function countingSort(shift: u32): void {
  const next = scratch;
  memory.fill(next, 0, SORT_BYTES);
  for (let i = 0; i < nodeRows; i++) {
    const at = next + ((<usize>codeAt(i, shift)) << 2);
    store<u32>(at, load<u32>(at) + 1);
  }
  for (let at = next, sum: u32 = 0; at < next + SORT_BYTES; at += 4) {
    const count = load<u32>(at);
    store<u32>(at, sum);
    sum += count;
  }
  for (let i = 0; i < nodeRows; i++) {
    const code = codeAt(i, shift);
    const at = next + ((<usize>code) << 2);
    const to = load<u32>(at);
    store<u32>(at, to + 1);
    store<u32>(sortedKeys + ((<usize>to) << 2), (code << CODE_SHIFT) | keyAt(keys, i));
  }
}

function scoreSorted(feature: u32): void {
  const samples = nodeSamples;
  const isTwoClass = numClasses <= 2;
  const lastEnd = nodeRows - minSamplesLeaf; // most rows of the left child
  let leftSamples: f64 = 0;
  let leftSquares: f64 = 0;
  let rightSquares = nodeSquares;
  for (let end = 1; end < nodeRows; end++) {
    const key = keyAt(sortedKeys, end - 1);
    const label = (key >> CLASS_SHIFT) & CLASS_MASK;
    const moved = key & MAX_SAMPLES_PER_ROW;
    const left = leftCounts + ((<usize>label) << 2);
    const before = load<u32>(left);
    leftSquares += <f64>moved * <f64>(2 * before + moved);
    rightSquares -= <f64>moved * <f64>(2 * (load<u32>(totals + ((<usize>label) << 2)) - before) - moved);
    store<u32>(left, before + moved);
    leftSamples += <f64>moved;
    const code = key >> CODE_SHIFT;
    const nextCode = keyAt(sortedKeys, end) >> CODE_SHIFT;
    if (code === nextCode) continue;
    markVaried();
    if (end < minSamplesLeaf || end > lastEnd) continue;
    const rightSamples = samples - leftSamples;
    let score: f64;
    if (isTwoClass) {
      const difference = <f64>load<u32>(leftCounts, 4) * samples - <f64>load<u32>(totals, 4) * leftSamples;
      score = (difference * difference) / (leftSamples * rightSamples);
    } else {
      score = leftSquares / leftSamples + rightSquares / rightSamples;
    }
    if (score <= cutScore) continue;
    const perfect = leftSquares === leftSamples * leftSamples && rightSquares === rightSamples * rightSamples;
    takeCut(score, feature, code, nextCode, 0, 0, perfect);
  }
  for (let i = 0; i < nodeRows; i++) {
    store<u32>(leftCounts + ((<usize>((keyAt(sortedKeys, i) >> CLASS_SHIFT) & CLASS_MASK)) << 2), 0);
  }
}
