// The best cut of a node with any number of classes, or with a bound on the rows of a child: by sorting its rows.
// The time depends on the rows of the node, not on the number of classes.

import type { LeafTableBuilder } from './leaf-table.ts';
import { ENTRY_ROW_SHIFT, gatherWords, MAX_SAMPLES_PER_ROW, type NodeRows } from './node-rows.ts';
import { cutBetween, makeCut, type NodeSearch, resetCut } from './node-search.ts';

const INSERTION_ROWS = 32; // up to here, insertion sort is quicker than counting

// a key is code << 20 | class << 4 | samples
const CODE_SHIFT = 20;
const CLASS_SHIFT = 4;
const CLASS_MASK = 0xffff;
const SAMPLES_MASK = MAX_SAMPLES_PER_ROW;

export class ManyClassSearch implements NodeSearch {
  readonly cut = makeCut();
  readonly #memory: NodeRows;
  readonly #minSamplesLeaf: number;
  /** Keys of the node's rows, less the code, in the order of the entries, and of one feature, by code. */
  readonly #unsorted: Int32Array;
  readonly #sorted: Int32Array;
  readonly #nextOfCode = new Int32Array(256);
  /** Samples of each class in the node, and to the left of the cut; the latter all zero between calls. */
  readonly #total: Float64Array;
  readonly #left: Float64Array;
  #start = 0;
  #numRows = 0;
  #samples = 0;
  #squares = 0; // of the samples of each class, summed

  constructor(memory: NodeRows, minSamplesLeaf: number) {
    const { numRows, numClasses } = memory.rows;
    this.#memory = memory;
    this.#minSamplesLeaf = minSamplesLeaf;
    this.#unsorted = new Int32Array(numRows);
    this.#sorted = new Int32Array(numRows);
    this.#total = new Float64Array(numClasses);
    this.#left = new Float64Array(numClasses);
  }

  enter(start: number, end: number): boolean {
    const { entries, labels } = this.#memory;
    const unsorted = this.#unsorted;
    const total = this.#total;
    for (let i = 0; i < this.#numRows; i++) total[unsorted[i] >> CLASS_SHIFT] = 0; // of the node before
    let samples = 0;
    let squares = 0;
    for (let i = start; i < end; i++) {
      const label = labels[entries[i] >>> ENTRY_ROW_SHIFT];
      const added = (entries[i] >> 1) & SAMPLES_MASK;
      unsorted[i - start] = (label << CLASS_SHIFT) | added;
      samples += added;
      squares += added * (2 * total[label] + added);
      total[label] += added;
    }
    this.#start = start;
    this.#numRows = end - start;
    this.#samples = samples;
    this.#squares = squares;
    resetCut(this.cut);
    return squares === samples * samples;
  }

  addLeaf(leaves: LeafTableBuilder): number {
    let first = CLASS_MASK;
    let last = 0;
    for (let i = 0; i < this.#numRows; i++) {
      const label = this.#unsorted[i] >> CLASS_SHIFT;
      if (label < first) first = label;
      if (label > last) last = label;
    }
    for (let label = first; label <= last; label++) {
      if (this.#total[label] > 0) leaves.push(label, this.#total[label]);
    }
    return leaves.endRow();
  }

  tryFeatures(features: Int32Array): void {
    gatherWords(this.#memory, this.#start, this.#start + this.#numRows, features);
    for (let slot = 0; slot < 4 && !this.cut.isPerfect; slot++) {
      if (slot > 0 && features[slot] === features[slot - 1]) break; // padding
      if (this.#numRows <= INSERTION_ROWS) this.#insertionSort(slot * 8);
      else this.#countingSort(slot * 8);
      this.#score(features[slot]);
    }
  }

  #insertionSort(shift: number): void {
    const words = this.#memory.words;
    const unsorted = this.#unsorted;
    const sorted = this.#sorted;
    for (let i = 0; i < this.#numRows; i++) {
      const key = (((words[this.#start + i] >>> shift) & 255) << CODE_SHIFT) | unsorted[i];
      let at = i;
      for (; at > 0 && sorted[at - 1] > key; at--) sorted[at] = sorted[at - 1];
      sorted[at] = key;
    }
  }

  #countingSort(shift: number): void {
    const words = this.#memory.words;
    const unsorted = this.#unsorted;
    const sorted = this.#sorted;
    const next = this.#nextOfCode;
    const start = this.#start;
    const numRows = this.#numRows;
    next.fill(0);
    for (let i = 0; i < numRows; i++) next[(words[start + i] >>> shift) & 255]++;
    for (let code = 0, sum = 0; code < 256; code++) {
      const count = next[code];
      next[code] = sum;
      sum += count;
    }
    for (let i = 0; i < numRows; i++) {
      const code = (words[start + i] >>> shift) & 255;
      sorted[next[code]++] = (code << CODE_SHIFT) | unsorted[i];
    }
  }

  /**
   * Keep the best cut between neighbouring codes, if it beats the best so far.
   * The gain grows with the sum, over both children, of the squared samples of each class over the child's samples;
   * two classes are scored as in `TwoClassSearch`, so that rounding parts no tie differently.
   */
  #score(feature: number): void {
    const sorted = this.#sorted;
    const total = this.#total;
    const left = this.#left;
    const numRows = this.#numRows;
    const samples = this.#samples;
    const cut = this.cut;
    const isTwoClass = total.length <= 2;
    const lastEnd = numRows - this.#minSamplesLeaf; // of the left rows, inclusive
    let leftSamples = 0;
    let leftSquares = 0;
    let rightSquares = this.#squares;
    for (let end = 1; end < numRows; end++) {
      const key = sorted[end - 1];
      const label = (key >> CLASS_SHIFT) & CLASS_MASK;
      const moved = key & SAMPLES_MASK;
      const before = left[label];
      leftSquares += moved * (2 * before + moved);
      rightSquares -= moved * (2 * (total[label] - before) - moved);
      left[label] = before + moved;
      leftSamples += moved;
      const code = key >> CODE_SHIFT;
      const nextCode = sorted[end] >> CODE_SHIFT;
      if (code === nextCode) continue;
      cut.hasVaried = true;
      if (end < this.#minSamplesLeaf || end > lastEnd) continue;
      const rightSamples = samples - leftSamples;
      const difference = isTwoClass ? left[1] * samples - total[1] * leftSamples : 0;
      const score = isTwoClass
        ? (difference * difference) / (leftSamples * rightSamples)
        : leftSquares / leftSamples + rightSquares / rightSamples;
      if (score <= cut.score) continue;
      cut.score = score;
      cut.feature = feature;
      cut.code = cutBetween(code, nextCode);
      cut.isPerfect = leftSquares === leftSamples * leftSamples && rightSquares === rightSamples * rightSamples;
    }
    for (let i = 0; i < numRows; i++) left[(sorted[i] >> CLASS_SHIFT) & CLASS_MASK] = 0;
  }
}
