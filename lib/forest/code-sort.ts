// Sorts the rows of a node by the codes of one feature; rows with equal codes keep their order.

import type { Codes } from './training-table.ts';

const INSERTION_ROWS = 32; // up to this number, insertion sort is faster than counting
const POSITIONS = 2 ** 31; // a key is code * POSITIONS + position: below 2^47, so a double holds it

export class CodeSort {
  /** Rows and their codes after the last sort; the first `numRows` are valid. */
  readonly rows: Int32Array;
  readonly codes: Codes;
  readonly #isWide: boolean;
  readonly #next: Int32Array;
  readonly #keys: Float64Array;

  /** @param isWide whether codes take two bytes */
  constructor(numRows: number, isWide: boolean) {
    this.#isWide = isWide;
    this.rows = new Int32Array(numRows);
    this.codes = isWide ? new Uint16Array(numRows) : new Uint8Array(numRows);
    this.#next = new Int32Array(isWide ? 65_536 : 256);
    this.#keys = new Float64Array(isWide ? numRows : 0);
  }

  sort(nodeRows: Int32Array, start: number, end: number, column: Codes): void {
    const numRows = end - start;
    if (numRows <= INSERTION_ROWS) this.#insertionSort(nodeRows, start, numRows, column);
    else if (this.#isWide && numRows < this.#next.length / 8) this.#keySort(nodeRows, start, numRows, column);
    else this.#countingSort(nodeRows, start, end, column);
  }

  #insertionSort(nodeRows: Int32Array, start: number, numRows: number, column: Codes): void {
    const { rows, codes } = this;
    for (let i = 0; i < numRows; i++) {
      const row = nodeRows[start + i];
      const code = column[row];
      let at = i;
      for (; at > 0 && codes[at - 1] > code; at--) {
        codes[at] = codes[at - 1];
        rows[at] = rows[at - 1];
      }
      codes[at] = code;
      rows[at] = row;
    }
  }

  #countingSort(nodeRows: Int32Array, start: number, end: number, column: Codes): void {
    const { rows, codes } = this;
    const next = this.#next.fill(0);
    for (let i = start; i < end; i++) next[column[nodeRows[i]]]++;
    for (let code = 0, sum = 0; code < next.length; code++) {
      const count = next[code];
      next[code] = sum;
      sum += count;
    }
    for (let i = start; i < end; i++) {
      const code = column[nodeRows[i]];
      const at = next[code]++;
      codes[at] = code;
      rows[at] = nodeRows[i];
    }
  }

  /** For nodes with fewer rows than there are codes. */
  #keySort(nodeRows: Int32Array, start: number, numRows: number, column: Codes): void {
    const keys = this.#keys.subarray(0, numRows);
    for (let i = 0; i < numRows; i++) keys[i] = column[nodeRows[start + i]] * POSITIONS + i;
    keys.sort();
    for (let i = 0; i < numRows; i++) {
      const code = Math.floor(keys[i] / POSITIONS);
      this.codes[i] = code;
      this.rows[i] = nodeRows[start + keys[i] - code * POSITIONS];
    }
  }
}
