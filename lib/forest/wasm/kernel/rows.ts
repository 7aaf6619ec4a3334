// AssemblyScript twin of node-rows.ts: the rows of a tree while it grows, one 32-bit entry each.

import { codes, copiedCodes, copiedLabels, entries, labels, numRows, side, stride, words } from './memory';
import { nextBelow } from './random';

export const MAX_SAMPLES_PER_ROW: u32 = 15;

/** Rows of a subtree that are copied together, so that all of its nodes find them in the nearest cache. */
const COPY_ROWS: i32 = 32_768; // `COPY_ROWS` of layout.ts
const MAX_COPY_STRIDE: u32 = 64; // of wider rows a node reads too little

// where the codes and labels are that entries refer to: those of all rows, or the copies
let codesBase: usize = 0;
let labelsBase: usize = 0;
/** End of the entries that refer to copies; 0 when none do. */
let copyEnd: i32 = 0;

/** Draw the rows of a tree, or take each once. @returns how many distinct rows there are */
export function drawRows(bootstrap: bool): i32 {
  codesBase = codes;
  labelsBase = labels;
  copyEnd = 0;
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
    const label: u32 = load<u16>(labels + ((<usize>row) << 1));
    store<u32>(to, (row << 5) | (samples << 1) | (label & 1));
    to += (<usize>(samples > 0)) << 2;
  }
  return <i32>((to - entries) >> 2);
}

/**
 * Turn to entries [start, end) of a node; nodes come depth first. The rows of one that is small enough, whose parent
 * wasn't, are copied; its entries and so those of all nodes below refer to the copies from then on.
 */
export function enterRows(start: i32, end: i32): void {
  if (start < copyEnd) return; // within the copies
  if (end - start > COPY_ROWS || stride > MAX_COPY_STRIDE) {
    codesBase = codes;
    labelsBase = labels;
    return;
  }
  let to = copiedCodes;
  for (let i = start; i < end; i++) {
    const at = entries + ((<usize>i) << 2);
    const entry = load<u32>(at);
    const row: usize = entry >> 5;
    const copy: u32 = i - start;
    const from = codes + row * stride;
    if (stride >= 16) {
      for (let byte: usize = 0; byte < <usize>stride; byte += 16) v128.store(to + byte, v128.load(from + byte));
    } else {
      for (let byte: usize = 0; byte < <usize>stride; byte++) store<u8>(to + byte, load<u8>(from + byte));
    }
    to += stride;
    store<u16>(copiedLabels + ((<usize>copy) << 1), load<u16>(labels + (row << 1)));
    store<u32>(at, (copy << 5) | (entry & 31));
  }
  codesBase = copiedCodes;
  labelsBase = copiedLabels;
  copyEnd = end;
}

export function labelOf(entry: u32): u32 {
  return load<u16>(labelsBase + ((<usize>(entry >> 5)) << 1));
}

/** Gather the codes of four features of entries [start, end) into words, the first feature in the lowest byte. */
export function gatherWords(start: i32, end: i32, f0: u32, f1: u32, f2: u32, f3: u32): void {
  const last = entries + ((<usize>end) << 2);
  const step = stride;
  const at0 = codesBase + f0;
  const at1 = codesBase + f1;
  const at2 = codesBase + f2;
  const at3 = codesBase + f3;
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
