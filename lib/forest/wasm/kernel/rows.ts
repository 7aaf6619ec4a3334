// AssemblyScript: the rows of a tree while it grows, one packed sample each.

import {
  CopyLevel,
  codes,
  copyLevels,
  labels,
  MAX_SAMPLES_PER_ROW,
  numClasses,
  numCopyLevels,
  numFeatures,
  numRows,
  packedCodes,
  packedRight,
  packedSamples,
} from './memory';
import { nextBelow } from './random';

const BLOCK_ROWS: i32 = 512; // copied feature by feature, so that the copies stay in the first-level cache

// The rows that packed samples refer to: all rows, or those of a copy level. The code of row r and feature f
// is at codesBase + r * rowStep + f * featureStep.
let codesBase: usize = 0;
let labelsBase: usize = 0;
let rowStep: u32 = 0;
let featureStep: u32 = 0;
/** Copy levels in use, and the end of the packed samples that refer to the last of them. */
let numUsed: u32 = 0;
let copyEnd: i32 = 0;

/** Draw the rows of a tree, or take each once. @returns the number of packed samples */
export function drawRows(bootstrap: bool): i32 {
  useLevels(0);
  const counts = packedRight; // a byte a row; no node needs the region yet
  memory.fill(counts, bootstrap ? 0 : 1, numRows);
  if (bootstrap) {
    for (let i = 0; i < numRows; i++) {
      const at = counts + <usize>nextBelow(numRows);
      const samples: u32 = load<u8>(at);
      store<u8>(at, <u8>(samples + u32(samples < MAX_SAMPLES_PER_ROW)));
    }
  }
  let to = packedSamples;
  for (let row: u32 = 0; row < <u32>numRows; row++) {
    const samples: u32 = load<u8>(counts + <usize>row);
    const label: u32 = load<u16>(labels + ((<usize>row) << 1)); // for regression an arbitrary bit, which nothing reads
    store<u32>(to, (row << 5) | (samples << 1) | (label & 1));
    to += (<usize>(samples > 0)) << 2;
  }
  return <i32>((to - packedSamples) >> 2);
}

/**
 * Begin the node with packed samples [start, end); nodes come depth first. If its rows fit a further copy level, they
 * are copied there, so that all nodes below find them close together. The packed samples of the subtree then refer to
 * the copies.
 */
export function enterRows(start: i32, end: i32): void {
  while (numUsed > 0 && start >= copyEnd) useLevels(numUsed - 1);
  if (numUsed === numCopyLevels || end - start > load<i32>(levelAt(numUsed), CopyLevel.maxRows)) return;
  let level = numUsed;
  while (level + 1 < numCopyLevels && end - start <= load<i32>(levelAt(level + 1), CopyLevel.maxRows)) {
    store<i32>(levelAt(level++), 0, CopyLevel.end); // skipped: no packed sample refers to it
  }
  copyRows(start, end, levelAt(level));
  store<i32>(levelAt(level), end, CopyLevel.end);
  useLevels(level + 1);
}

function levelAt(level: u32): usize {
  return copyLevels + <usize>level * CopyLevel.BYTES;
}

/** Make packed samples refer to copy level `count - 1`; to all rows if `count` is 0. */
function useLevels(count: u32): void {
  numUsed = count;
  if (count === 0) {
    codesBase = codes;
    labelsBase = labels;
    rowStep = 1;
    featureStep = numRows;
    copyEnd = 0;
    return;
  }
  const last = levelAt(count - 1);
  codesBase = load<u32>(last, CopyLevel.codes);
  labelsBase = load<u32>(last, CopyLevel.labels);
  rowStep = load<u32>(last, CopyLevel.rowStep);
  featureStep = load<u32>(last, CopyLevel.featureStep);
  copyEnd = load<i32>(last, CopyLevel.end);
}

function copyRows(start: i32, end: i32, to: usize): void {
  for (let block = start; block < end; block += BLOCK_ROWS) {
    const blockEnd = min(block + BLOCK_ROWS, end);
    copyCodes(
      block,
      blockEnd,
      <u32>(block - start),
      load<u32>(to, CopyLevel.codes),
      load<u32>(to, CopyLevel.rowStep),
      load<u32>(to, CopyLevel.featureStep),
    );
    copyLabels(block, blockEnd, <u32>(block - start), load<u32>(to, CopyLevel.labels));
  }
}

/** Copy four features at a time. If their number is not a multiple of four, the last one is copied more than once. */
function copyCodes(start: i32, end: i32, copy: u32, toCodes: usize, toRowStep: u32, toFeatureStep: u32): void {
  const first = packedSamples + ((<usize>start) << 2);
  const last = packedSamples + ((<usize>end) << 2);
  const lastFeature: u32 = numFeatures - 1;
  const step = rowStep;
  for (let feature: u32 = 0; feature <= lastFeature; feature += 4) {
    const f1 = min(feature + 1, lastFeature);
    const f2 = min(feature + 2, lastFeature);
    const f3 = min(feature + 3, lastFeature);
    const from0 = codesBase + feature * featureStep;
    const from1 = codesBase + f1 * featureStep;
    const from2 = codesBase + f2 * featureStep;
    const from3 = codesBase + f3 * featureStep;
    const to = toCodes + copy * toRowStep;
    let to0 = to + feature * toFeatureStep;
    let to1 = to + f1 * toFeatureStep;
    let to2 = to + f2 * toFeatureStep;
    let to3 = to + f3 * toFeatureStep;
    for (let at = first; at < last; at += 4) {
      const row = (load<u32>(at) >> 5) * step;
      store<u8>(to0, load<u8>(from0 + row));
      store<u8>(to1, load<u8>(from1 + row));
      store<u8>(to2, load<u8>(from2 + row));
      store<u8>(to3, load<u8>(from3 + row));
      to0 += toRowStep;
      to1 += toRowStep;
      to2 += toRowStep;
      to3 += toRowStep;
    }
  }
}

/** Copy the labels, then make the packed samples refer to the copies. */
function copyLabels(start: i32, end: i32, copy: u32, toLabels: usize): void {
  const last = packedSamples + ((<usize>end) << 2);
  const isRegression = numClasses === 0;
  for (let at = packedSamples + ((<usize>start) << 2); at < last; at += 4) {
    const packed = load<u32>(at);
    if (isRegression) store<f64>(toLabels + (copy << 3), readValue(packed));
    else store<u16>(toLabels + (copy << 1), load<u16>(labelsBase + ((packed >> 5) << 1)));
    store<u32>(at, (copy << 5) | (packed & 31));
    copy++;
  }
}

export function readLabel(packed: u32): u32 {
  return load<u16>(labelsBase + ((<usize>(packed >> 5)) << 1));
}

export function readValue(packed: u32): f64 {
  return load<f64>(labelsBase + ((<usize>(packed >> 5)) << 3));
}

/** Gather the packed codes of packed samples [start, end) for four features, the first feature in the lowest byte. */
export function gatherCodes(start: i32, end: i32, f0: u32, f1: u32, f2: u32, f3: u32): void {
  const last = packedSamples + ((<usize>end) << 2);
  const step = rowStep;
  const at0 = codesBase + f0 * featureStep;
  const at1 = codesBase + f1 * featureStep;
  const at2 = codesBase + f2 * featureStep;
  const at3 = codesBase + f3 * featureStep;
  let to = packedCodes + ((<usize>start) << 2);
  for (let from = packedSamples + ((<usize>start) << 2); from < last; from += 4) {
    const row: usize = (load<u32>(from) >> 5) * step;
    store<u8>(to, load<u8>(at0 + row));
    store<u8>(to, load<u8>(at1 + row), 1);
    store<u8>(to, load<u8>(at2 + row), 2);
    store<u8>(to, load<u8>(at3 + row), 3);
    to += 4;
  }
}

/** Like `partition`, by the partition flags at `isLeft`. */
export function partitionBy(start: i32, end: i32, shift: u32, isLeft: usize): i32 {
  const first = packedSamples + ((<usize>start) << 2);
  const last = packedSamples + ((<usize>end) << 2);
  const toRight = packedRight;
  let code = packedCodes + ((<usize>start) << 2) + (shift >> 3);
  let right: usize = 0; // bytes
  for (let from = first; from < last; from += 4) {
    const packed = load<u32>(from);
    store<u32>(from - right, packed);
    store<u32>(toRight + right, packed);
    right += (<usize>(1 - load<u8>(isLeft + <usize>load<u8>(code)))) << 2;
    code += 4;
  }
  memory.copy(last - right, toRight, right);
  return end - <i32>(right >> 2);
}

/**
 * Move the packed samples of [start, end) whose code is at most `cut` to the front.
 *
 * @returns the end of the left child's
 */
export function partition(start: i32, end: i32, shift: u32, cut: u32): i32 {
  const first = packedSamples + ((<usize>start) << 2);
  const last = packedSamples + ((<usize>end) << 2);
  const toRight = packedRight;
  let code = packedCodes + ((<usize>start) << 2) + (shift >> 3);
  let right: usize = 0; // bytes
  for (let from = first; from < last; from += 4) {
    const packed = load<u32>(from);
    store<u32>(from - right, packed);
    store<u32>(toRight + right, packed);
    right += (<usize>(load<u8>(code) > cut)) << 2;
    code += 4;
  }
  memory.copy(last - right, toRight, right);
  return end - <i32>(right >> 2);
}
