// The general trainer: supports all parameters and searches one feature at a time. Where the kernel supports the same
// request, both give the same trees.

import { STREAM } from '../base/random.ts';
import type { Bounds, Criterion } from './criterion.ts';
import { flatten, type TreeLayout, treeLayout } from './flatten.ts';
import { Frontier } from './frontier.ts';
import type { GrowNode } from './grow-node.ts';
import { makeCriterion } from './make-criterion.ts';
import type { ResolvedParams } from './params.ts';
import { prune } from './prune.ts';
import { RowSampler } from './sampling.ts';
import { goesLeft, type Split, SplitSearch } from './split-search.ts';
import { missingCode, type TrainingTable } from './training-table.ts';
import type { Tree } from './tree.ts';
import { TreeRandom } from './tree-random.ts';

const EPSILON = 2.220446049250313e-16; // tolerance below minImpurityDecrease, as in scikit-learn

export class GeneralGrower {
  readonly #table: TrainingTable;
  readonly #params: ResolvedParams;
  readonly #sampler: RowSampler;
  readonly #weights: Float64Array;
  readonly #criterion: Criterion;
  readonly #search: SplitSearch;
  readonly #random = new TreeRandom();
  /** Rows of the tree: those of a node are adjacent and ascending. */
  readonly #rows: Int32Array;
  readonly #side: Int32Array;
  /** All features; those drawn for the current node come first. */
  readonly #features: Int32Array;
  readonly #missing: number;
  readonly #needsImpurity: boolean;
  readonly #layout: TreeLayout;
  #treeWeight = 0;

  /** @param table must have passed `checkTable` */
  constructor(table: TrainingTable, params: ResolvedParams) {
    this.#table = table;
    this.#params = params;
    this.#sampler = new RowSampler(table, params);
    this.#weights = new Float64Array(table.numRows);
    this.#criterion = makeCriterion(params.criterion, table.target, this.#weights);
    this.#search = new SplitSearch(table, params, this.#criterion, { weights: this.#weights, random: this.#random });
    this.#rows = new Int32Array(table.numRows);
    this.#side = new Int32Array(table.numRows);
    this.#features = new Int32Array(table.columns.length);
    this.#missing = missingCode(table);
    this.#layout = treeLayout(table, params);
    this.#needsImpurity = params.minImpurityDecrease > 0 || params.maxLeafNodes !== null || params.ccpAlpha > 0;
  }

  grow(treeIndex: number): Tree {
    const { seed, maxLeafNodes, ccpAlpha } = this.#params;
    this.#sampler.draw(treeIndex, this.#weights);
    this.#random.start(seed, STREAM.tree, treeIndex);
    for (let i = 0; i < this.#features.length; i++) this.#features[i] = i;
    let numRows = 0;
    this.#treeWeight = 0;
    for (let row = 0; row < this.#weights.length; row++) {
      if (this.#weights[row] === 0) continue;
      this.#rows[numRows++] = row;
      this.#treeWeight += this.#weights[row];
    }
    const bounds = { lower: Number.NEGATIVE_INFINITY, upper: Number.POSITIVE_INFINITY };
    const root = this.#open(0, numRows, 0, bounds);
    if (maxLeafNodes === null) this.#growDepthFirst(root);
    else this.#growBestFirst(root, maxLeafNodes);
    if (ccpAlpha > 0) prune(root, ccpAlpha);
    return flatten(root, this.#rows, this.#criterion, this.#layout);
  }

  #growDepthFirst(root: GrowNode): void {
    const waiting = [{ node: root, isOpen: true }];
    for (let top = waiting.pop(); top; top = waiting.pop()) {
      const node = top.node;
      if (!top.isOpen) Object.assign(node, this.#open(node.start, node.end, node.depth, node.bounds));
      if (node.split === null) continue;
      const [left, right] = this.#makeChildren(node, node.split);
      node.children = [left, right];
      waiting.push({ node: right, isOpen: false }, { node: left, isOpen: false });
    }
  }

  /** Make the split of greatest decrease first (on a tie the oldest), until the tree has the allowed number of leaves. */
  #growBestFirst(root: GrowNode, maxLeafNodes: number): void {
    const frontier = new Frontier();
    frontier.push(root);
    for (let numLeaves = 1; numLeaves < maxLeafNodes; numLeaves++) {
      const node = frontier.pop();
      if (!node) return;
      const [left, right] = this.#makeChildren(node, node.split!).map((child) =>
        this.#open(child.start, child.end, child.depth, child.bounds),
      );
      node.children = [left, right];
      frontier.push(left);
      frontier.push(right);
    }
  }

  /** Find a node's split and order its rows by it. */
  #open(start: number, end: number, depth: number, bounds: Bounds): GrowNode {
    const criterion = this.#criterion;
    const params = this.#params;
    const minWeight = params.minWeightFractionLeaf * this.#treeWeight;
    criterion.enter(this.#rows, start, end);
    const node = makeNode(start, end, depth, bounds);
    node.weight = criterion.weight;
    if (this.#needsImpurity) node.impurity = criterion.impurity();
    const isLeaf =
      criterion.isPure ||
      depth >= (params.maxDepth ?? Number.POSITIVE_INFINITY) ||
      end - start < Math.max(params.minSamplesSplit, 2 * params.minSamplesLeaf) ||
      criterion.weight < 2 * minWeight;
    if (isLeaf) return node;
    this.#search.enter(this.#rows, start, end, { bounds, minWeight });
    this.#tryFeatures();
    const split = this.#search.best;
    if (split === null) return node;
    node.middle = this.#partition(start, end, split);
    if (this.#needsImpurity) {
      node.decrease = this.#decrease(node);
      if (node.decrease + EPSILON < params.minImpurityDecrease) return node;
    }
    node.split = split;
    return node;
  }

  /**
   * Try `maxFeatures` features drawn without replacement; when none of them varies in the node, continue to draw until one
   * does.
   * Source: scikit-learn 1.9.1, `node_split_best`.
   */
  #tryFeatures(): void {
    const { maxFeatures } = this.#params;
    const numFeatures = this.#features.length;
    for (let numDrawn = 0; numDrawn < maxFeatures; numDrawn++) this.#drawFeature(numDrawn);
    for (let i = 0; i < maxFeatures; i++) this.#search.tryFeature(this.#features[i]);
    for (let i = maxFeatures; i < numFeatures && !this.#search.hasVaried; i++) {
      this.#drawFeature(i);
      this.#search.tryFeature(this.#features[i]);
    }
  }

  /** Swap a feature that is not drawn yet to position `index`. */
  #drawFeature(index: number): void {
    const features = this.#features;
    const drawn = index + this.#random.nextBelow(features.length - index);
    const feature = features[drawn];
    features[drawn] = features[index];
    features[index] = feature;
  }

  /** Move the rows that go left to the front; both children keep the order. @returns end of the left child's rows */
  #partition(start: number, end: number, split: Split): number {
    const column = this.#table.columns[split.feature];
    let left = start;
    let right = 0;
    for (let i = start; i < end; i++) {
      const row = this.#rows[i];
      if (goesLeft(split, column[row], this.#missing)) this.#rows[left++] = row;
      else this.#side[right++] = row;
    }
    this.#rows.set(this.#side.subarray(0, right), left);
    return left;
  }

  #decrease({ start, middle, end, weight, impurity }: GrowNode): number {
    const criterion = this.#criterion;
    criterion.enter(this.#rows, start, middle);
    const left = criterion.weight * criterion.impurity();
    criterion.enter(this.#rows, middle, end);
    const right = criterion.weight * criterion.impurity();
    return (weight * impurity - left - right) / this.#treeWeight;
  }

  /**
   * Create the children, not split yet. Under a monotonic constraint the middle of their two values bounds both.
   * Source: scikit-learn 1.9.1, `DepthFirstTreeBuilder.build`.
   */
  #makeChildren({ start, middle, end, depth, bounds }: GrowNode, split: Split): [GrowNode, GrowNode] {
    const sign = this.#params.monotonicConstraints?.[split.feature] ?? 0;
    const between = (split.leftValue + split.rightValue) / 2;
    const below = { lower: bounds.lower, upper: between };
    const above = { lower: between, upper: bounds.upper };
    return [
      makeNode(start, middle, depth + 1, sign === 0 ? bounds : sign > 0 ? below : above),
      makeNode(middle, end, depth + 1, sign === 0 ? bounds : sign > 0 ? above : below),
    ];
  }
}

function makeNode(start: number, end: number, depth: number, bounds: Bounds): GrowNode {
  const unknown = { weight: 0, impurity: Number.NaN, split: null, middle: start, decrease: Number.NaN, children: null };
  return { start, end, depth, bounds, ...unknown };
}
