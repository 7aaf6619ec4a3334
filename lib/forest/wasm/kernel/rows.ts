// AssemblyScript twin of node-rows.ts: the rows of a tree while it grows, one 32-bit entry each.

import { codes, entries, labels, levels, numClasses, numFeatures, numLevels, numRows, side, words } from './memory';
import { nextBelow } from './random';

export const MAX_SAMPLES_PER_ROW: u32 = 15;

/** Bytes of a level of copies, the fields at the offsets below. */
const LEVEL: usize = 24; // as in layout.ts
const MAX_ROWS: usize = 0;
const CODES: usize = 4;
const LABELS: usize = 8;
const ROW_STEP: usize = 12;
const FEATURE_STEP: usize = 16;
const END: usize = 20; // of the entries that refer to it

const BLOCK_ROWS: i32 = 512; // copied feature by feature, so that what is written stays in the nearest cache

// what entries refer to: all rows, or copies; the code of row r and feature f is at codesBase + r * rowStep + f * featureStep
let codesBase: usize = 0;
let labelsBase: usize = 0;
let rowStep: u32 = 0;
let featureStep: u32 = 0;
/** Levels in use, and end of the entries that refer to the last of them. */
let numUsed: u32 = 0;
let copyEnd: i32 = 0;

/** Draw the rows of a tree, or take each once. @returns how many distinct rows there are */
export function drawRows(bootstrap: bool): i32 {
  useLevels(0);
  const counts = side; // bytes, before it serves the cuts
  memory.fill(counts, bootstrap ? 0 : 1, numRows);
  if (bootstrap) {
    for (let i = 0; i < numRows; i++) {
      const at = counts + <usize>nextBelow(numRows);
      const samples: u32 = load<u8>(at);
      store<u8>(at, <u8>(samples + u32(samples < MAX_SAMPLES_PER_ROW)));
    }
  }
  let to = entries;
  for (let row: u32 = 0; row < <u32>numRows; row++) {
    const samples: u32 = load<u8>(counts + <usize>row);
    const label: u32 = load<u16>(labels + ((<usize>row) << 1)); // of values nothing that counts
    store<u32>(to, (row << 5) | (samples << 1) | (label & 1));
    to += (<usize>(samples > 0)) << 2;
  }
  return <i32>((to - entries) >> 2);
}

/**
 * Turn to entries [start, end) of a node; nodes come depth first. The rows of one that fits a further level of copies
 * are copied there, so that all nodes below find them close together; its entries, and so theirs, refer to the copies
 * from then on.
 */
export function enterRows(start: i32, end: i32): void {
  while (numUsed > 0 && start >= copyEnd) useLevels(numUsed - 1);
  if (numUsed === numLevels || end - start > load<i32>(levelAt(numUsed), MAX_ROWS)) return;
  let level = numUsed;
  while (level + 1 < numLevels && end - start <= load<i32>(levelAt(level + 1), MAX_ROWS)) {
    store<i32>(levelAt(level++), 0, END); // passed over
  }
  copyRows(start, end, levelAt(level));
  store<i32>(levelAt(level), end, END);
  useLevels(level + 1);
}

function levelAt(level: u32): usize {
  return levels + <usize>level * LEVEL;
}

/** Entries refer to the copies of the last of the first `count` levels, or to all rows. */
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
  codesBase = load<u32>(last, CODES);
  labelsBase = load<u32>(last, LABELS);
  rowStep = load<u32>(last, ROW_STEP);
  featureStep = load<u32>(last, FEATURE_STEP);
  copyEnd = load<i32>(last, END);
}

function copyRows(start: i32, end: i32, to: usize): void {
  for (let block = start; block < end; block += BLOCK_ROWS) {
    const blockEnd = min(block + BLOCK_ROWS, end);
    copyCodes(
      block,
      blockEnd,
      <u32>(block - start),
      load<u32>(to, CODES),
      load<u32>(to, ROW_STEP),
      load<u32>(to, FEATURE_STEP),
    );
    copyLabels(block, blockEnd, <u32>(block - start), load<u32>(to, LABELS));
  }
}

/** Four features at a time; the last ones come twice when their number is no multiple of four. */
function copyCodes(start: i32, end: i32, copy: u32, toCodes: usize, toRowStep: u32, toFeatureStep: u32): void {
  const first = entries + ((<usize>start) << 2);
  const last = entries + ((<usize>end) << 2);
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

/** Copy the labels, then make the entries refer to the copies. */
function copyLabels(start: i32, end: i32, copy: u32, toLabels: usize): void {
  const last = entries + ((<usize>end) << 2);
  const isOfValues = numClasses === 0;
  for (let at = entries + ((<usize>start) << 2); at < last; at += 4) {
    const entry = load<u32>(at);
    if (isOfValues) store<f64>(toLabels + (copy << 3), readValue(entry));
    else store<u16>(toLabels + (copy << 1), load<u16>(labelsBase + ((entry >> 5) << 1)));
    store<u32>(at, (copy << 5) | (entry & 31));
    copy++;
  }
}

export function labelOf(entry: u32): u32 {
  return load<u16>(labelsBase + ((<usize>(entry >> 5)) << 1));
}

export function readValue(entry: u32): f64 {
  return load<f64>(labelsBase + ((<usize>(entry >> 5)) << 3));
}

/** Gather the codes of four features of entries [start, end) into words, the first feature in the lowest byte. */
export function gatherWords(start: i32, end: i32, f0: u32, f1: u32, f2: u32, f3: u32): void {
  const last = entries + ((<usize>end) << 2);
  const step = rowStep;
  const at0 = codesBase + f0 * featureStep;
  const at1 = codesBase + f1 * featureStep;
  const at2 = codesBase + f2 * featureStep;
  const at3 = codesBase + f3 * featureStep;
  let to = words + ((<usize>start) << 2);
  for (let from = entries + ((<usize>start) << 2); from < last; from += 4) {
    const row: usize = (load<u32>(from) >> 5) * step;
    store<u8>(to, load<u8>(at0 + row));
    store<u8>(to, load<u8>(at1 + row), 1);
    store<u8>(to, load<u8>(at2 + row), 2);
    store<u8>(to, load<u8>(at3 + row), 3);
    to += 4;
  }
}

/** As `partition`, for the codes that have a 1 in a table of bytes. */
export function partitionBy(start: i32, end: i32, shift: u32, isLeft: usize): i32 {
  const first = entries + ((<usize>start) << 2);
  const last = entries + ((<usize>end) << 2);
  const toSide = side;
  let code = words + ((<usize>start) << 2) + (shift >> 3);
  let right: usize = 0; // bytes
  for (let from = first; from < last; from += 4) {
    const entry = load<u32>(from);
    store<u32>(from - right, entry);
    store<u32>(toSide + right, entry);
    right += (<usize>(1 - load<u8>(isLeft + <usize>load<u8>(code)))) << 2;
    code += 4;
  }
  memory.copy(last - right, toSide, right);
  return end - <i32>(right >> 2);
}

/** Bring the entries of [start, end) whose code is at most `cut` to the front. @returns end of the left side */
export function partition(start: i32, end: i32, shift: u32, cut: u32): i32 {
  const first = entries + ((<usize>start) << 2);
  const last = entries + ((<usize>end) << 2);
  const toSide = side;
  let code = words + ((<usize>start) << 2) + (shift >> 3);
  let right: usize = 0; // bytes
  for (let from = first; from < last; from += 4) {
    const entry = load<u32>(from);
    store<u32>(from - right, entry);
    store<u32>(toSide + right, entry);
    right += (<usize>(load<u8>(code) > cut)) << 2;
    code += 4;
  }
  memory.copy(last - right, toSide, right);
  return end - <i32>(right >> 2);
}
