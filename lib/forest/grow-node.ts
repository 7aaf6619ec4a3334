// The record of a node while its tree grows.

import type { Bounds } from './criterion.ts';
import type { Split } from './split-search.ts';

/** A node while its tree grows: rows [start, end), of which the left child gets those below `middle`. */
export interface GrowNode {
  start: number;
  end: number; // exclusive
  depth: number;
  bounds: Bounds;
  weight: number;
  /** NaN where it is not needed. */
  impurity: number;
  /** The best split, already applied to the order of the rows; null when no split is allowed. */
  split: Split | null;
  middle: number;
  /** Decrease of impurity by the split, times the node's share of the tree's weight; NaN where it is not needed. */
  decrease: number;
  /** Null for a leaf. */
  children: [left: GrowNode, right: GrowNode] | null;
}
