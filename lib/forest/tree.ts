// A grown tree: flat arrays over its nodes.

import { doubled, type LeafTable } from './leaf-table.ts';

/** In `Tree.feature`, marks a leaf. */
export const LEAF = 0xffff;
/** Most features of a forest: feature numbers are 16 bits and the last is taken by `LEAF`. */
export const MAX_FEATURES = LEAF;
/** Most trees of a forest: a million nodes per hundred trees take 5 GB by then. */
export const MAX_TREES = 100_000;
/** Most classes: class numbers are 16 bits. */
export const MAX_CLASSES = 65_535;

/** Nodes in preorder: the root is node 0 and the left child of node i is node i + 1. Arrays have shape [numNodes]. */
export interface Tree {
  /** Nodes, leaves included; odd. */
  numNodes: number;
  /** Feature tested, or `LEAF`. */
  feature: Uint16Array;
  /** Rows with a bin code up to this one go left; 0 for a leaf. Two bytes in trees of exact values. */
  cut: Uint8Array | Uint16Array;
  /** Right child; for a leaf, its row in `leaves`. */
  next: Uint32Array;
  /** Class counts of the leaves; trees may share a table. */
  leaves: LeafTable;
  /**
   * `MISSING_LEFT`, `CATEGORICAL` or both, 0 for a leaf; left out where no row lacked a value and no feature is
   * categorical.
   */
  flags?: Uint8Array;
  /** Categories that go left at each categorical node, in node order, `SET_BYTES` each, lowest bit first. */
  sets?: Uint8Array;
  /** Impurity of each node, where the leaves can't tell: with absolute error and under monotonic constraints. */
  impurity?: Float64Array;
}

/** A row drawn more often than this (one in 10^14) counts as drawn this often: the kernel counts in four bits. */
export const MAX_SAMPLES_PER_ROW = 15;

/** In `Tree.flags`: rows without a value of the feature go left. */
export const MISSING_LEFT = 1;
/** In `Tree.flags`: the feature is categorical, and a set of categories stands in place of the cut. */
export const CATEGORICAL = 2;
/** Bytes of a set of categories. */
export const SET_BYTES = 32;
/** Most categories: their codes are 0 to 254. */
export const MAX_CATEGORIES = 255;

/** Collects the nodes of one tree after the other, in preorder. */
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

  /** Say which node is the right child of `node`. */
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
