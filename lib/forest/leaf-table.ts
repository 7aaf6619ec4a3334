// Class counts of leaves. Most leaves are small and equal others, so the table holds each distinct leaf once.

/** The entry of a regressor's leaf that holds the prediction. */
export const LEAF_VALUE = 0;
/** The entry of a regressor's leaf that holds the weight of its samples. */
export const LEAF_WEIGHT = 1;

/**
 * Distinct leaves: row i holds the entries [start[i], start[i + 1]), the classes present, ascending. In a regressor,
 * `LEAF_VALUE` and `LEAF_WEIGHT` replace the classes.
 */
export interface LeafTable {
  /** First entry of each row and the end of the last, shape [numRows + 1]. */
  start: Uint32Array;
  /** Class of each entry. */
  classes: Uint16Array;
  /** Samples of that class, at least 1; with weights that are not integers, their weight, above 0. */
  counts: Uint32Array | Float64Array;
}

const NUM_SLOTS = 1024; // initial size of the hash table; a power of two

/** Builds a table of leaves in order of first appearance. */
export class LeafTableBuilder {
  #slots = new Int32Array(NUM_SLOTS).fill(-1); // row number by hash, -1 when empty
  #hashes = new Int32Array(NUM_SLOTS);
  #start = new Uint32Array(NUM_SLOTS);
  #classes = new Uint16Array(NUM_SLOTS);
  #counts: Uint32Array | Float64Array;
  #numRows = 0;
  #numEntries = 0;

  /** @param isReal whether counts may be other than integers */
  constructor(isReal = false) {
    this.#counts = isReal ? new Float64Array(NUM_SLOTS) : new Uint32Array(NUM_SLOTS);
  }

  /** Add one entry to the row under construction; classes come in ascending order. */
  push(classIndex: number, count: number): void {
    if (this.#numEntries === this.#classes.length) {
      this.#classes = doubled(this.#classes);
      this.#counts = doubled(this.#counts);
    }
    this.#classes[this.#numEntries] = classIndex;
    this.#counts[this.#numEntries++] = count;
  }

  /** End the row under construction. @returns the number of this row or of an equal earlier one */
  endRow(): number {
    const rowStart = this.#start[this.#numRows];
    let hash = 0;
    for (let i = rowStart; i < this.#numEntries; i++) {
      hash = Math.imul(hash ^ this.#classes[i], 0x85ebca6b) ^ Math.imul(hashNumber(this.#counts[i]), 0xc2b2ae35);
      hash ^= hash >>> 15;
    }
    const mask = this.#slots.length - 1;
    let slot = hash & mask;
    for (let row = this.#slots[slot]; row >= 0; row = this.#slots[slot]) {
      if (this.#hashes[row] === hash && this.#equals(row, rowStart)) {
        this.#numEntries = rowStart; // drop the copy
        return row;
      }
      slot = (slot + 1) & mask;
    }
    const row = this.#numRows++;
    this.#slots[slot] = row;
    this.#hashes[row] = hash;
    if (this.#numRows * 2 > this.#slots.length) this.#grow();
    this.#start[this.#numRows] = this.#numEntries;
    return row;
  }

  /** Add a row of another table. @returns its number here */
  copyRow(table: LeafTable, row: number): number {
    for (let i = table.start[row]; i < table.start[row + 1]; i++) this.push(table.classes[i], table.counts[i]);
    return this.endRow();
  }

  /** The table so far; the builder is emptied for the next one. */
  take(): LeafTable {
    const table = {
      start: this.#start.slice(0, this.#numRows + 1),
      classes: this.#classes.slice(0, this.#numEntries),
      counts: this.#counts.slice(0, this.#numEntries),
    };
    this.#slots.fill(-1);
    this.#numRows = 0;
    this.#numEntries = 0;
    return table;
  }

  #equals(row: number, rowStart: number): boolean {
    const start = this.#start[row];
    const length = this.#start[row + 1] - start;
    if (length !== this.#numEntries - rowStart) return false;
    for (let i = 0; i < length; i++) {
      if (this.#classes[start + i] !== this.#classes[rowStart + i]) return false;
      if (this.#counts[start + i] !== this.#counts[rowStart + i]) return false;
    }
    return true;
  }

  #grow(): void {
    this.#hashes = doubled(this.#hashes);
    this.#start = doubled(this.#start);
    this.#slots = new Int32Array(this.#slots.length * 2).fill(-1);
    const mask = this.#slots.length - 1;
    for (let row = 0; row < this.#numRows; row++) {
      let slot = this.#hashes[row] & mask;
      while (this.#slots[slot] >= 0) slot = (slot + 1) & mask;
      this.#slots[slot] = row;
    }
  }
}

const real = new Float64Array(1);
const halves = new Int32Array(real.buffer);

/** Hash of a count: an integer below 2^32 itself, any other number mixed from both halves of its bits. */
function hashNumber(count: number): number {
  if (count >>> 0 === count) return count;
  real[0] = count;
  return halves[0] ^ Math.imul(halves[1], 0x9e3779b1);
}

/** A copy of twice the length, the second half zero. */
export function doubled<T extends Uint8Array | Uint16Array | Uint32Array | Int32Array | Float64Array>(array: T): T {
  const copy = new (array.constructor as new (length: number) => T)(array.length * 2);
  copy.set(array);
  return copy;
}
