// The best cut of a node with two classes: histograms, filled for four features in one pass.

import type { LeafTableBuilder } from './leaf-table.ts';
import { ENTRY_LOW_MASK, gatherWords, MAX_SAMPLES_PER_ROW, type NodeRows } from './node-rows.ts';
import { cutBetween, makeCut, type NodeSearch, resetCut } from './node-search.ts';

const CELLS = 256; // of one feature
const CELL_SAMPLES = 65_535; // most that the 16 bits of a cell hold
const ROWS_PER_FLUSH = Math.floor(CELL_SAMPLES / MAX_SAMPLES_PER_ROW);
const DENSE_ROWS = 192; // above, looking at every cell is quicker than noting which are in use
const SORT_ROWS = 12; // up to here, sorting the rows is quicker than a histogram

// samples, and samples of class 1, of an entry by its low bits
const entries32 = Array.from({ length: 32 }, (_, low) => ({ samples: low >> 1, ones: low & 1 ? low >> 1 : 0 }));
const CELL = Int32Array.from(entries32, ({ samples, ones }) => samples | (ones << 16));
const SORT_KEY = Int32Array.from(entries32, ({ samples, ones }) => samples | (ones << 8)); // 12 rows × 15 fit a byte

export class TwoClassSearch implements NodeSearch {
  readonly cut = makeCut();
  readonly #memory: NodeRows;
  // all zero between calls
  readonly #cells = new Int32Array(4 * CELLS);
  readonly #wideSamples = new Float64Array(4 * CELLS);
  readonly #wideOnes = new Float64Array(4 * CELLS);
  readonly #inUse = new Int32Array(4 * (CELLS / 32)); // a bit per cell
  readonly #keys = new Int32Array(SORT_ROWS);
  // one feature's codes that occur, ascending, with their samples
  readonly #runCode = new Int32Array(CELLS);
  readonly #runSamples = new Float64Array(CELLS);
  readonly #runOnes = new Float64Array(CELLS);
  #start = 0;
  #end = 0;
  #samples = 0;
  #ones = 0;

  constructor(memory: NodeRows) {
    this.#memory = memory;
  }

  enter(start: number, end: number, samples: number, ones: number): boolean {
    this.#start = start;
    this.#end = end;
    this.#samples = samples;
    this.#ones = ones;
    resetCut(this.cut);
    return ones === 0 || ones === samples;
  }

  addLeaf(leaves: LeafTableBuilder): number {
    const zeros = this.#samples - this.#ones;
    if (zeros > 0) leaves.push(0, zeros);
    if (this.#ones > 0) leaves.push(1, this.#ones);
    return leaves.endRow();
  }

  tryFeatures(features: Int32Array): void {
    const numRows = this.#end - this.#start;
    gatherWords(this.#memory, this.#start, this.#end, features);
    if (numRows <= SORT_ROWS) {
      for (let slot = 0; slot < 4 && !this.cut.isPerfect; slot++) this.#score(features[slot], this.#sortedRuns(slot));
    } else if (numRows <= DENSE_ROWS) {
      countCells(this.#memory, this.#start, this.#end, this.#cells);
      noteCells(this.#memory, this.#start, this.#end, this.#inUse);
      for (let slot = 0; slot < 4; slot++) this.#score(features[slot], this.#sparseRuns(slot));
    } else if (this.#samples <= CELL_SAMPLES) {
      countCells(this.#memory, this.#start, this.#end, this.#cells);
      for (let slot = 0; slot < 4; slot++) this.#score(features[slot], this.#denseRuns(slot, features[slot]));
    } else {
      for (let start = this.#start; start < this.#end; start += ROWS_PER_FLUSH) {
        countCells(this.#memory, start, Math.min(start + ROWS_PER_FLUSH, this.#end), this.#cells);
        this.#flush();
      }
      for (let slot = 0; slot < 4; slot++) this.#score(features[slot], this.#wideRuns(slot, features[slot]));
    }
  }

  /** Empty the cells before they can overflow. */
  #flush(): void {
    const cells = this.#cells;
    for (let i = 0; i < cells.length; i++) {
      this.#wideSamples[i] += cells[i] & 0xffff;
      this.#wideOnes[i] += cells[i] >>> 16;
    }
    cells.fill(0);
  }

  /** Insertion sort by code; returns the number of runs. */
  #sortedRuns(slot: number): number {
    const { entries, words } = this.#memory;
    const keys = this.#keys;
    const shift = slot * 8;
    const start = this.#start;
    const numRows = this.#end - start;
    for (let i = 0; i < numRows; i++) {
      const key = (((words[start + i] >>> shift) & 255) << 16) | SORT_KEY[entries[start + i] & ENTRY_LOW_MASK];
      let at = i;
      for (; at > 0 && keys[at - 1] > key; at--) keys[at] = keys[at - 1];
      keys[at] = key;
    }
    let numRuns = 0;
    for (let i = 0; i < numRows; ) {
      const code = keys[i] >> 16;
      let sum = 0;
      for (; i < numRows && keys[i] >> 16 === code; i++) sum += keys[i] & 0xffff;
      this.#runCode[numRuns] = code;
      this.#runSamples[numRuns] = sum & 255;
      this.#runOnes[numRuns++] = sum >> 8;
    }
    return numRuns;
  }

  /** Walk the cells in use and clear them. */
  #sparseRuns(slot: number): number {
    const cells = this.#cells;
    const inUse = this.#inUse;
    const runCode = this.#runCode;
    const runSamples = this.#runSamples;
    const runOnes = this.#runOnes;
    const base = slot * CELLS;
    let numRuns = 0;
    for (let word = 0; word < 8; word++) {
      let bits = inUse[slot * 8 + word];
      inUse[slot * 8 + word] = 0;
      for (; bits !== 0; bits &= bits - 1) {
        const code = word * 32 + 31 - Math.clz32(bits & -bits);
        const cell = cells[base + code];
        cells[base + code] = 0;
        runCode[numRuns] = code;
        runSamples[numRuns] = cell & 0xffff;
        runOnes[numRuns++] = cell >>> 16;
      }
    }
    return numRuns;
  }

  /** Look at all cells and clear them; without branches, as whether a cell is in use can't be guessed. */
  #denseRuns(slot: number, feature: number): number {
    const cells = this.#cells;
    const runCode = this.#runCode;
    const runSamples = this.#runSamples;
    const runOnes = this.#runOnes;
    const base = slot * CELLS;
    const numBins = this.#memory.rows.numBins[feature];
    let numRuns = 0;
    for (let code = 0; code < numBins; code++) {
      const cell = cells[base + code];
      cells[base + code] = 0;
      runCode[numRuns] = code;
      runSamples[numRuns] = cell & 0xffff;
      runOnes[numRuns] = cell >>> 16;
      numRuns += (cell | -cell) >>> 31; // 0 for an empty cell
    }
    return numRuns;
  }

  /** As `denseRuns`, for the cells flushed. */
  #wideRuns(slot: number, feature: number): number {
    const base = slot * CELLS;
    const numBins = this.#memory.rows.numBins[feature];
    let numRuns = 0;
    for (let code = 0; code < numBins; code++) {
      const samples = this.#wideSamples[base + code];
      if (samples === 0) continue;
      this.#runCode[numRuns] = code;
      this.#runSamples[numRuns] = samples;
      this.#runOnes[numRuns++] = this.#wideOnes[base + code];
      this.#wideSamples[base + code] = 0;
      this.#wideOnes[base + code] = 0;
    }
    return numRuns;
  }

  /**
   * Keep the best cut between the runs, if it beats the best so far.
   * With n samples, m of class 1, in the node, and l, k in the left child, the gain is the square of k·n − m·l over
   * l·(n − l), times 2 / n²: the factor is the same for all cuts and left out.
   */
  #score(feature: number, numRuns: number): void {
    const runSamples = this.#runSamples;
    const runOnes = this.#runOnes;
    const samples = this.#samples;
    const ones = this.#ones;
    const cut = this.cut;
    let bestScore = cut.score;
    let bestRun = -1;
    let bestLeft = 0;
    let bestLeftOnes = 0;
    let left = 0;
    let leftOnes = 0;
    for (let run = 0; run < numRuns - 1; run++) {
      left += runSamples[run];
      leftOnes += runOnes[run];
      const difference = leftOnes * samples - ones * left;
      const score = (difference * difference) / (left * (samples - left));
      if (score > bestScore) {
        bestScore = score;
        bestRun = run;
        bestLeft = left;
        bestLeftOnes = leftOnes;
      }
    }
    if (numRuns > 1) cut.hasVaried = true;
    if (bestRun < 0) return;
    cut.score = bestScore;
    cut.feature = feature;
    cut.code = cutBetween(this.#runCode[bestRun], this.#runCode[bestRun + 1]);
    cut.samples = bestLeft;
    cut.ones = bestLeftOnes;
    // one side is all zeros and the other all ones
    cut.isPerfect = bestLeftOnes === 0 ? bestLeft === samples - ones : bestLeftOnes === ones && bestLeft === ones;
  }
}

/** Count the words of four features, each feature in its own cells. */
function countCells({ entries, words }: NodeRows, start: number, end: number, cells: Int32Array): void {
  for (let i = start; i < end; i++) {
    const cell = CELL[entries[i] & ENTRY_LOW_MASK];
    const word = words[i];
    cells[word & 255] += cell;
    cells[256 + ((word >>> 8) & 255)] += cell;
    cells[512 + ((word >>> 16) & 255)] += cell;
    cells[768 + (word >>> 24)] += cell;
  }
}

/** Note which cells are in use. */
function noteCells({ words }: NodeRows, start: number, end: number, inUse: Int32Array): void {
  for (let i = start; i < end; i++) {
    const word = words[i];
    inUse[(word >>> 5) & 7] |= 1 << word; // a shift looks at five bits alone
    inUse[8 + ((word >>> 13) & 7)] |= 1 << (word >>> 8);
    inUse[16 + ((word >>> 21) & 7)] |= 1 << (word >>> 16);
    inUse[24 + (word >>> 29)] |= 1 << (word >>> 24);
  }
}
