// What the search for a node's cut promises, whatever the number of classes.

import type { LeafTableBuilder } from './leaf-table.ts';

/** The best cut of a node so far. */
export interface Cut {
  /** Grows with the Gini gain; -1 when there is no cut yet, so that a cut without gain is still taken. */
  score: number;
  feature: number;
  /** Codes up to this one go left. */
  code: number;
  /** Samples of the left child. */
  samples: number;
  /** Samples of class 1 in the left child; kept for two classes only. */
  ones: number;
  /** Whether both children are pure, so that nothing can be better. */
  isPerfect: boolean;
  /** Whether some feature tried had two different codes. */
  hasVaried: boolean;
}

export interface NodeSearch {
  readonly cut: Cut;
  /** Turn to a node. @returns whether all of its samples are of one class */
  enter(start: number, end: number, samples: number, ones: number): boolean;
  /**
   * Look for a better cut of the node among four features, in this order: their words are gathered and left in place.
   * A feature that comes twice changes nothing.
   */
  tryFeatures(features: Int32Array): void;
  /** Add the class counts of the node to the table. @returns the row */
  addLeaf(leaves: LeafTableBuilder): number;
}

export function resetCut(cut: Cut): void {
  cut.score = -1;
  cut.isPerfect = false;
  cut.hasVaried = false;
}

export function makeCut(): Cut {
  return { score: -1, feature: 0, code: 0, samples: 0, ones: 0, isPerfect: false, hasVaried: false };
}

/**
 * Code to cut at between neighbouring codes a < b of a node: halfway, as the threshold lies halfway between values.
 * Any code of [a, b) parts this node's rows alike; the middle parts new rows best.
 */
export function cutBetween(a: number, b: number): number {
  return (a + b - 1) >> 1;
}
