// AssemblyScript twin of leaf-table.ts: samples by class of the leaves, equal rows stored once, in order of appearance.
// An entry is a class and its samples; a leaf row is the entries of one leaf.

import { leafClass, leafCount, leafHash, leafSlots, leafStart, MIN_LEAF_SLOTS } from './memory';

let mask: u32 = 0;
let numRows: u32 = 0;
let numEntries: u32 = 0;

export function startLeaves(): void {
  mask = MIN_LEAF_SLOTS - 1;
  memory.fill(leafSlots, 0xff, MIN_LEAF_SLOTS << 2);
  numRows = 0;
  numEntries = 0;
  store<u32>(leafStart, 0);
}

/** Number of distinct leaf rows so far. */
export function getNumLeafRows(): u32 {
  return numRows;
}

/** Number of entries in all leaf rows. */
export function getNumLeafEntries(): u32 {
  return numEntries;
}

/** Add an entry to the row under construction; classes must come in ascending order. */
export function pushLeaf(classIndex: u32, count: u32): void {
  store<u16>(leafClass + ((<usize>numEntries) << 1), <u16>classIndex);
  store<u32>(leafCount + ((<usize>numEntries) << 2), count);
  numEntries++;
}

/** End the row under construction. @returns the number of this row or of an equal earlier one */
export function endLeaf(): u32 {
  const rowStart = load<u32>(leafStart + ((<usize>numRows) << 2));
  let hash: u32 = 0;
  for (let i = rowStart; i < numEntries; i++) {
    hash = (hash ^ classAt(i)) * 0x85ebca6b;
    hash ^= countAt(i) * 0xc2b2ae35;
    hash ^= hash >> 15;
  }
  let slot = hash & mask;
  for (let row = slotAt(slot); row >= 0; row = slotAt(slot)) {
    if (load<u32>(leafHash + ((<usize>row) << 2)) === hash && equals(row, rowStart)) {
      numEntries = rowStart; // drop the copy
      return row;
    }
    slot = (slot + 1) & mask;
  }
  const row = numRows++;
  store<u32>(leafSlots + ((<usize>slot) << 2), row);
  store<u32>(leafHash + ((<usize>row) << 2), hash);
  store<u32>(leafStart + ((<usize>numRows) << 2), numEntries);
  if (numRows * 2 > mask) widen();
  return row;
}

function equals(row: u32, rowStart: u32): bool {
  const start = load<u32>(leafStart + ((<usize>row) << 2));
  const length = load<u32>(leafStart + ((<usize>row) << 2), 4) - start;
  if (length !== numEntries - rowStart) return false;
  for (let i: u32 = 0; i < length; i++) {
    if (classAt(start + i) !== classAt(rowStart + i)) return false;
    if (countAt(start + i) !== countAt(rowStart + i)) return false;
  }
  return true;
}

/** Double the slots. */
function widen(): void {
  mask = mask * 2 + 1;
  memory.fill(leafSlots, 0xff, (<usize>(mask + 1)) << 2);
  for (let row: u32 = 0; row < numRows; row++) {
    let slot = load<u32>(leafHash + ((<usize>row) << 2)) & mask;
    while (slotAt(slot) >= 0) slot = (slot + 1) & mask;
    store<u32>(leafSlots + ((<usize>slot) << 2), row);
  }
}

function classAt(i: u32): u32 {
  return load<u16>(leafClass + ((<usize>i) << 1));
}

function countAt(i: u32): u32 {
  return load<u32>(leafCount + ((<usize>i) << 2));
}

function slotAt(slot: u32): i32 {
  return load<i32>(leafSlots + ((<usize>slot) << 2));
}
