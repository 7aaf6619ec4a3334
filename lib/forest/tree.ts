// A grown tree: flat arrays over its nodes.

import { doubled, type LeafTable } from './leaf-table.ts';

/** In `Tree.feature`, marks a leaf. */
export const LEAF = 0xffff;
/** Maximum number of features: a feature number has 16 bits, and `LEAF` takes the last. */
export const MAX_FEATURES = LEAF;
/** Maximum number of trees: at a million nodes per hundred trees, so many take 5 GB. */
export const MAX_TREES = 100_000;
/** Maximum number of classes: a class number has 16 bits. */
export const MAX_CLASSES = 65_535;

/** Nodes in preorder: the root is node 0 and the left child of node i is node i + 1. Arrays have shape [numNodes]. */
export interface Tree {
  /** Number of nodes, leaves included; odd. */
  numNodes: number;
  /** Feature tested, or `LEAF`. */
  feature: Uint16Array;
  /** Rows with a bin code up to this one go left; 0 for a leaf. Two bytes in trees grown with `exact`. */
  cut: Uint8Array | Uint16Array;
  /** Right child; for a leaf, its row in `leaves`. */
  next: Uint32Array;
  /** Class counts of the leaves; trees may share a table. */
  leaves: LeafTable;
  /**
   * `MISSING_LEFT`, `CATEGORICAL` or both, 0 for a leaf; absent when no value was missing and no feature is
   * categorical.
   */
  flags?: Uint8Array;
  /** Categories that go left at each categorical node, in node order, `SET_BYTES` each, lowest bit first. */
  sets?: Uint8Array;
  /** Impurity of each node, where the leaves do not determine it: absolute error, monotonic constraints. */
  impurity?: Float64Array;
}

/** Maximum count of a row in a sample; more draws (one row in 10^14) count as this many: the kernel counts in four bits. */
export const MAX_SAMPLES_PER_ROW = 15;

/** In `Tree.flags`: rows without a value of the feature go left. */
export const MISSING_LEFT = 1;
/** In `Tree.flags`: the feature is categorical, and a set of categories replaces the cut. */
export const CATEGORICAL = 2;
/** Bytes of a set of categories. */
export const SET_BYTES = 32;
/** Maximum number of categories: their codes are 0 to 254. */
export const MAX_CATEGORIES = 255;

/** Builds one tree after the other from its nodes in preorder. */
export class TreeBuilder {
  #feature = new Uint16Array(1024);
  #cut = new Uint8Array(1024);
  #next = new Uint32Array(1024);
  #numNodes = 0;

  /** Add a node. @returns its number */
  add(feature: number, cut: number, next: number): number {
    if (this.#numNodes === this.#feature.length) {
      this.#feature = doubled(this.#feature);
      this.#cut = doubled(this.#cut);
      this.#next = doubled(this.#next);
    }
    this.#feature[this.#numNodes] = feature;
    this.#cut[this.#numNodes] = cut;
    this.#next[this.#numNodes] = next;
    return this.#numNodes++;
  }

  /** Set the right child of `node`. */
  setRight(node: number, right: number): void {
    this.#next[node] = right;
  }

  /** The tree so far; the builder is emptied for the next one. */
  take(leaves: LeafTable): Tree {
    const numNodes = this.#numNodes;
    this.#numNodes = 0;
    return {
      numNodes,
      feature: this.#feature.slice(0, numNodes),
      cut: this.#cut.slice(0, numNodes),
      next: this.#next.slice(0, numNodes),
      leaves,
    };
  }
}
