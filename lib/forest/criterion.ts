// The interface of impurity criteria: the search moves rows to the left child one by one and reads the score.

import type { LeafTableBuilder } from './leaf-table.ts';

/** Bounds that monotonic constraints set on the prediction of a node; infinite without constraints. */
export interface Bounds {
  lower: number;
  upper: number;
}

export interface Criterion {
  /** Weight of the node. */
  readonly weight: number;
  /** Whether all targets in the node are equal. */
  readonly isPure: boolean;
  /** Weight of the left child: the rows moved so far. */
  readonly leftWeight: number;
  /** Start with the node of `rows[start]` to `rows[end - 1]`. */
  enter(rows: Int32Array, start: number, end: number): void;
  /** Impurity of the node. */
  impurity(): number;
  /** Move all rows back to the right child. */
  startSweep(): void;
  /** Move a row to the left child. */
  move(row: number): void;
  /** Called when all rows of one code have been moved: they are the rows moved since the previous call. */
  endCode(): void;
  /** Score of the cut, which rises with the decrease of impurity; -Infinity when the cut is not allowed. Scores of
   * different nodes are not comparable. */
  score(): number;
  /** Prediction of the left child: its value, or with two classes the fraction of the second. */
  leftValue(): number;
  rightValue(): number;
  /** Add the node to the table of leaves, its prediction within the bounds. @returns the row */
  addLeaf(leaves: LeafTableBuilder, bounds: Bounds): number;
}
