// The rows of a tree while it grows: one 32-bit entry each, of which every node owns a range.

import type { PackedRows } from './packed-rows.ts';
import type { TreeRandom } from './tree-random.ts';

// An entry is row << 5 | samples << 1 | (label & 1): one load tells which row, how often it was drawn, which of two classes.
export const ENTRY_ROW_SHIFT = 5;
/** Samples and class of an entry. */
export const ENTRY_LOW_MASK = 31;
/** A row drawn more often than this (one in 10^14) counts as drawn this often: four bits hold it. */
export const MAX_SAMPLES_PER_ROW = 15;

export const FEATURES_PER_PASS = 4; // their codes fill a 32-bit word

/** Rows of a subtree that are copied together, so that all of its nodes find them in a nearer cache. */
const COPY_ROWS = 32_768;
const MAX_COPY_STRIDE = 64; // of wider rows a node reads too little
const MIN_COPY_STRIDE = 16; // narrower rows fit the cache as they are

/** Memory for growing one tree after another; nothing is allocated per node. */
export interface NodeRows {
  rows: PackedRows;
  /** Codes and labels that entries refer to: those of all rows, or the copies. */
  codes: Uint8Array;
  labels: Uint16Array;
  copiedCodes: Uint8Array;
  copiedLabels: Uint16Array;
  /** End of the entries that refer to copies; 0 when none do. */
  copyEnd: number;
  /** The rows in the tree, a permutation that every cut sorts further. */
  entries: Int32Array;
  /** Codes of the four features gathered last, at the positions of their entries. */
  words: Int32Array;
  /** The right half of a cut on its way. */
  side: Int32Array;
}

export function makeNodeRows(rows: PackedRows): NodeRows {
  const { numRows, stride, codes, labels } = rows;
  const array = () => new Int32Array(numRows);
  const numCopied = isCopied(stride) ? Math.min(numRows, COPY_ROWS) : 0;
  return {
    rows,
    codes,
    labels,
    copiedCodes: new Uint8Array(numCopied * stride),
    copiedLabels: new Uint16Array(numCopied),
    copyEnd: 0,
    entries: array(),
    words: array(),
    side: array(),
  };
}

/**
 * Draw the rows of a tree.
 *
 * @param random draws numRows positions with replacement; null takes each row once
 * @returns how many distinct rows there are: entries [0, n) are set, in row order
 */
export function drawRows(memory: NodeRows, random: TreeRandom | null): number {
  const { rows, entries, side } = memory;
  const { numRows, labels } = rows;
  useAllRows(memory);
  side.fill(random === null ? 1 : 0); // counts, before it serves the cuts
  if (random !== null) for (let i = 0; i < numRows; i++) side[random.nextBelow(numRows)]++;
  let numEntries = 0;
  for (let row = 0; row < numRows; row++) {
    const samples = Math.min(side[row], MAX_SAMPLES_PER_ROW);
    entries[numEntries] = (row << ENTRY_ROW_SHIFT) | (samples << 1) | (labels[row] & 1);
    numEntries += samples > 0 ? 1 : 0;
  }
  return numEntries;
}

/**
 * Turn to entries [start, end) of a node; nodes come depth first. The rows of one that is small enough, whose parent
 * wasn't, are copied; its entries and so those of all nodes below refer to the copies from then on.
 */
export function enterRows(memory: NodeRows, start: number, end: number): void {
  if (start < memory.copyEnd) return; // within the copies
  useAllRows(memory);
  if (end - start > COPY_ROWS || !isCopied(memory.rows.stride)) return;
  copyRows(memory, start, end);
  memory.codes = memory.copiedCodes;
  memory.labels = memory.copiedLabels;
  memory.copyEnd = end;
}

function isCopied(stride: number): boolean {
  return stride >= MIN_COPY_STRIDE && stride <= MAX_COPY_STRIDE;
}

function useAllRows(memory: NodeRows): void {
  memory.codes = memory.rows.codes;
  memory.labels = memory.rows.labels;
  memory.copyEnd = 0;
}

function copyRows({ rows, entries, copiedCodes, copiedLabels }: NodeRows, start: number, end: number): void {
  const { labels } = rows;
  const from = asWords(rows.codes);
  const to = asWords(copiedCodes);
  const rowWords = rows.stride / 4;
  for (let i = start, at = 0; i < end; i++) {
    const entry = entries[i];
    const row = entry >>> ENTRY_ROW_SHIFT;
    const rowAt = Math.imul(row, rowWords);
    for (let word = 0; word < rowWords; word++, at++) to[at] = from[rowAt + word];
    copiedLabels[i - start] = labels[row];
    entries[i] = ((i - start) << ENTRY_ROW_SHIFT) | (entry & ENTRY_LOW_MASK);
  }
}

function asWords({ buffer, byteOffset, byteLength }: Uint8Array): Int32Array {
  return new Int32Array(buffer, byteOffset, byteLength / 4);
}

/** Gather the codes of four features of entries [start, end) into words, the first feature in the lowest byte. */
export function gatherWords(memory: NodeRows, start: number, end: number, features: Int32Array): void {
  const { entries, words, codes, rows } = memory;
  const { stride } = rows;
  const [f0, f1, f2, f3] = [features[0], features[1], features[2], features[3]];
  for (let i = start; i < end; i++) {
    const at = Math.imul(entries[i] >>> ENTRY_ROW_SHIFT, stride);
    words[i] = codes[at + f0] | (codes[at + f1] << 8) | (codes[at + f2] << 16) | (codes[at + f3] << 24);
  }
}

/**
 * Bring the entries of [start, end) whose code is at most `cut` to the front; both sides keep their order.
 * Without branches: each entry is written to both sides and one of them moves on.
 *
 * @param shift bits from the lowest of the word to the code
 * @returns end of the left side
 */
export function partition(memory: NodeRows, start: number, end: number, shift: number, cut: number): number {
  const { entries, words, side } = memory;
  let left = start;
  let right = 0;
  for (let i = start; i < end; i++) {
    const entry = entries[i];
    const isRight = (cut - ((words[i] >>> shift) & 255)) >>> 31;
    entries[left] = entry;
    side[right] = entry;
    right += isRight;
    left += 1 - isRight;
  }
  copyTo(entries, left, side, right);
  return left;
}

/** A function of its own: compiled while the loop above runs, this one would be unknown and compiled code given up. */
function copyTo(to: Int32Array, at: number, from: Int32Array, length: number): void {
  for (let i = 0; i < length; i++) to[at + i] = from[i];
}
