// Grows the trees of a forest. Tree i is a function of the rows, the parameters and i: the same bytes whoever grows it.

import { STREAM } from '../base/random.ts';
import type { ClassRows } from '../partition/rows.ts';
import { LeafTableBuilder } from './leaf-table.ts';
import { ManyClassSearch } from './many-class-search.ts';
import {
  drawRows,
  enterRows,
  FEATURES_PER_PASS,
  gatherWords,
  MAX_SAMPLES_PER_ROW,
  makeNodeRows,
  type NodeRows,
  partition,
} from './node-rows.ts';
import type { NodeSearch } from './node-search.ts';
import { type PackedRows, packRows, type TrainingInfo } from './packed-rows.ts';
import { type ForestParams, resolveMaxFeatures } from './params.ts';
import { LEAF, type Tree, TreeBuilder } from './tree.ts';
import { TreeRandom } from './tree-random.ts';
import { TwoClassSearch } from './two-class-search.ts';

/**
 * Grow trees [treeStart, treeEnd).
 *
 * @throws {InputError} when rows and info don't fit together
 */
export function growTrees(
  rows: ClassRows,
  info: TrainingInfo,
  params: ForestParams,
  treeStart: number,
  treeEnd: number, // exclusive
): Tree[] {
  const grower = new TreeGrower(packRows(rows, info), params);
  return Array.from({ length: treeEnd - treeStart }, (_, i) => grower.grow(treeStart + i));
}

// fields of a node that waits on the stack
const FRAME = 6;
const [START, END, DEPTH, SAMPLES, ONES, PARENT] = [0, 1, 2, 3, 4, 5];
const NO_PARENT = -1;

/** Grows one tree after the other in the same memory. */
export class TreeGrower {
  readonly #params: ForestParams;
  readonly #memory: NodeRows;
  readonly #search: NodeSearch;
  readonly #maxFeatures: number;
  readonly #maxDepth: number;
  readonly #minRowsToSplit: number;
  readonly #random = new TreeRandom();
  /** All features, those drawn for the node at hand first. */
  readonly #features: Int32Array;
  /** The features of one pass, the last one repeated when there are fewer. */
  readonly #pass = new Int32Array(FEATURES_PER_PASS);
  readonly #nodes = new TreeBuilder();
  readonly #leaves = new LeafTableBuilder();
  #stack = new Int32Array(64 * FRAME);
  #stackLength = 0;

  constructor(rows: PackedRows, params: ForestParams) {
    this.#params = params;
    this.#memory = makeNodeRows(rows);
    this.#search =
      rows.numClasses <= 2 && params.minSamplesLeaf === 1
        ? new TwoClassSearch(this.#memory)
        : new ManyClassSearch(this.#memory, params.minSamplesLeaf);
    this.#maxFeatures = resolveMaxFeatures(params.maxFeatures, rows.numFeatures);
    this.#maxDepth = params.maxDepth ?? Number.POSITIVE_INFINITY;
    this.#minRowsToSplit = Math.max(params.minSamplesSplit, 2 * params.minSamplesLeaf);
    this.#features = new Int32Array(rows.numFeatures);
  }

  grow(treeIndex: number): Tree {
    const { seed, bootstrap } = this.#params;
    const random = this.#random;
    const numEntries = drawRows(this.#memory, bootstrap ? random.start(seed, STREAM.bootstrap, treeIndex) : null);
    random.start(seed, STREAM.tree, treeIndex);
    for (let i = 0; i < this.#features.length; i++) this.#features[i] = i;
    this.#push(0, numEntries, 0, ...this.#countRoot(numEntries), NO_PARENT);
    while (this.#stackLength > 0) this.#growNode();
    return this.#nodes.take(this.#leaves.take());
  }

  /** Take a node from the stack; make it a leaf, or cut it and push its children, the left one on top. */
  #growNode(): void {
    this.#stackLength -= FRAME;
    const at = this.#stackLength;
    const stack = this.#stack;
    const start = stack[at + START];
    const end = stack[at + END];
    const depth = stack[at + DEPTH];
    const samples = stack[at + SAMPLES];
    const ones = stack[at + ONES];
    const parent = stack[at + PARENT];
    enterRows(this.#memory, start, end);
    const isPure = this.#search.enter(start, end, samples, ones);
    const isLeaf =
      isPure || depth >= this.#maxDepth || end - start < this.#minRowsToSplit || !this.#findCut(start, end);
    const cut = this.#search.cut;
    const node = isLeaf
      ? this.#nodes.add(LEAF, 0, this.#search.addLeaf(this.#leaves))
      : this.#nodes.add(cut.feature, cut.code, 0);
    if (parent !== NO_PARENT) this.#nodes.setRight(parent, node);
    if (isLeaf) return;
    const middle = partition(this.#memory, start, end, this.#pass.indexOf(cut.feature) * 8, cut.code);
    this.#push(middle, end, depth + 1, samples - cut.samples, ones - cut.ones, node);
    this.#push(start, middle, depth + 1, cut.samples, cut.ones, NO_PARENT);
  }

  /**
   * Find the best cut among `maxFeatures` features drawn without replacement; when none of them varies in the node, go
   * on drawing until one does. Ties go to the feature drawn first and its lowest cut.
   * The words of the pass at the end hold the cut's feature.
   *
   * @returns whether there is a cut
   * Source: scikit-learn 1.9.1, `node_split_best`.
   */
  #findCut(start: number, end: number): boolean {
    const numFeatures = this.#features.length;
    const cut = this.#search.cut;
    let numDrawn = 0;
    while (numDrawn < this.#maxFeatures) this.#drawFeature(numDrawn++);
    for (let i = 0; i < numDrawn && !cut.isPerfect; i += FEATURES_PER_PASS) this.#tryFeatures(i, numDrawn);
    while (!cut.hasVaried && numDrawn < numFeatures) {
      this.#drawFeature(numDrawn++);
      this.#tryFeatures(numDrawn - 1, numDrawn);
    }
    if (cut.score < 0) return false;
    if (!this.#pass.includes(cut.feature)) {
      this.#pass.fill(cut.feature);
      gatherWords(this.#memory, start, end, this.#pass);
    }
    return true;
  }

  /** Swap a feature not drawn yet into place `index`. */
  #drawFeature(index: number): void {
    const features = this.#features;
    const drawn = index + this.#random.nextBelow(features.length - index);
    const feature = features[drawn];
    features[drawn] = features[index];
    features[index] = feature;
  }

  #tryFeatures(index: number, numDrawn: number): void {
    for (let i = 0; i < FEATURES_PER_PASS; i++) this.#pass[i] = this.#features[Math.min(index + i, numDrawn - 1)];
    this.#search.tryFeatures(this.#pass);
  }

  #countRoot(numEntries: number): [samples: number, ones: number] {
    const { entries } = this.#memory;
    let samples = 0;
    let ones = 0;
    for (let i = 0; i < numEntries; i++) {
      const drawn = (entries[i] >> 1) & MAX_SAMPLES_PER_ROW;
      samples += drawn;
      ones += drawn * (entries[i] & 1);
    }
    return [samples, ones];
  }

  #push(start: number, end: number, depth: number, samples: number, ones: number, parent: number): void {
    if (this.#stackLength === this.#stack.length) {
      const stack = new Int32Array(this.#stack.length * 2);
      stack.set(this.#stack);
      this.#stack = stack;
    }
    const at = this.#stackLength;
    this.#stack[at + START] = start;
    this.#stack[at + END] = end;
    this.#stack[at + DEPTH] = depth;
    this.#stack[at + SAMPLES] = samples;
    this.#stack[at + ONES] = ones;
    this.#stack[at + PARENT] = parent;
    this.#stackLength += FRAME;
  }
}
