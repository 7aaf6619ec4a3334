// A node while its tree grows.

import type { Bounds } from './criterion.ts';
import type { Split } from './split-search.ts';

/** A node while its tree grows: rows [start, end), of which the left child takes those below `middle`. */
export interface GrowNode {
  start: number;
  end: number; // exclusive
  depth: number;
  bounds: Bounds;
  weight: number;
  /** NaN where nothing asks for it. */
  impurity: number;
  /** The best split, made already in the order of the rows; null when none is allowed. */
  split: Split | null;
  middle: number;
  /** Fall of impurity by the split, times the node's share of the tree's weight; NaN where nothing asks for it. */
  decrease: number;
  /** Null for a leaf. */
  children: [left: GrowNode, right: GrowNode] | null;
}
