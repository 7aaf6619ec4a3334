// What a cut lowers, behind one interface: the search moves rows to the left child one by one and asks for the score.

import type { LeafTableBuilder } from './leaf-table.ts';

/** Bounds that monotonic constraints set on the prediction of a node; infinite where there are none. */
export interface Bounds {
  lower: number;
  upper: number;
}

export interface Criterion {
  /** Of the node. */
  readonly weight: number;
  /** Whether all targets in the node are equal. */
  readonly isPure: boolean;
  /** Of the left child, the rows moved so far. */
  readonly leftWeight: number;
  /** Turn to the node of `rows[start]` to `rows[end - 1]`. */
  enter(rows: Int32Array, start: number, end: number): void;
  /** Impurity of the node. */
  impurity(): number;
  /** Move all rows back to the right child. */
  startSweep(): void;
  /** Move a row to the left child. */
  move(row: number): void;
  /** The rows moved so far that no earlier call has seen are all that the node has of one code. */
  endCode(): void;
  /** Grows with the fall of impurity; -Infinity when the cut isn't allowed. Compares the cuts of one node alone. */
  score(): number;
  /** What the left child predicts: its value, or of two classes the fraction of the second. */
  leftValue(): number;
  rightValue(): number;
  /** Add the node to the table of leaves, its prediction within the bounds. @returns the row */
  addLeaf(leaves: LeafTableBuilder, bounds: Bounds): number;
}
