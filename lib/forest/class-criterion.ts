// Gini impurity and entropy of classes.

import { log } from '../base/numeric.ts';
import type { Bounds, Criterion } from './criterion.ts';
import type { LeafTableBuilder } from './leaf-table.ts';

const TABLE_SIZE = 65_536; // x ln x of integer weights below this comes from a table

export class ClassCriterion implements Criterion {
  weight = 0;
  isPure = false;
  leftWeight = 0;
  readonly #isEntropy: boolean;
  readonly #labels: Uint16Array;
  readonly #numClasses: number;
  readonly #weights: Float64Array;
  /** Weight of each class in the node and in the left child. */
  readonly #total: Float64Array;
  readonly #left: Float64Array;
  /** The classes present in the node. */
  readonly #present: Uint16Array;
  #numPresent = 0;
  /** Sums over classes, of squares or of x ln x; see `#term`. */
  #totalTerms = 0;
  #leftTerms = 0;
  #rightTerms = 0;
  readonly #xLogX: Float64Array;

  /** @param weights weight of each row in the current tree */
  constructor(isEntropy: boolean, labels: Uint16Array, numClasses: number, weights: Float64Array) {
    this.#isEntropy = isEntropy;
    this.#labels = labels;
    this.#numClasses = numClasses;
    this.#weights = weights;
    this.#total = new Float64Array(numClasses);
    this.#left = new Float64Array(numClasses);
    this.#present = new Uint16Array(numClasses);
    this.#xLogX = new Float64Array(isEntropy ? Math.min(TABLE_SIZE, labels.length + 1) : 0);
    for (let x = 1; x < this.#xLogX.length; x++) this.#xLogX[x] = x * log(x);
  }

  enter(rows: Int32Array, start: number, end: number): void {
    const total = this.#total;
    for (let i = 0; i < this.#numPresent; i++) total[this.#present[i]] = 0;
    this.#numPresent = 0;
    this.weight = 0;
    for (let i = start; i < end; i++) {
      const label = this.#labels[rows[i]];
      const weight = this.#weights[rows[i]];
      if (total[label] === 0) this.#present[this.#numPresent++] = label;
      total[label] += weight;
      this.weight += weight;
    }
    this.#present.subarray(0, this.#numPresent).sort();
    this.isPure = this.#numPresent === 1;
    this.#totalTerms = 0;
    for (let i = 0; i < this.#numPresent; i++) this.#totalTerms += this.#term(total[this.#present[i]]);
  }

  /** Source: scikit-learn 1.9.1, `Gini` and `Entropy`, the latter to base 2. */
  impurity(): number {
    const { weight } = this;
    if (this.isPure) return 0;
    if (!this.#isEntropy) return 1 - this.#totalTerms / (weight * weight);
    return (log(weight) - this.#totalTerms / weight) / Math.LN2;
  }

  startSweep(): void {
    for (let i = 0; i < this.#numPresent; i++) this.#left[this.#present[i]] = 0;
    this.leftWeight = 0;
    this.#leftTerms = 0;
    this.#rightTerms = this.#totalTerms;
  }

  endCode(): void {}

  move(row: number): void {
    const label = this.#labels[row];
    const weight = this.#weights[row];
    const before = this.#left[label];
    const after = before + weight;
    const total = this.#total[label];
    this.#leftTerms += this.#term(after) - this.#term(before);
    this.#rightTerms += this.#term(total - after) - this.#term(total - before);
    this.#left[label] = after;
    this.leftWeight += weight;
  }

  /** The same expressions as in the kernel, so that ties and rounding are the same. */
  score(): number {
    const { leftWeight } = this;
    const rightWeight = this.weight - leftWeight;
    if (this.#isEntropy) {
      return this.#leftTerms - this.#term(leftWeight) + (this.#rightTerms - this.#term(rightWeight));
    }
    if (this.#numClasses > 2) return this.#leftTerms / leftWeight + this.#rightTerms / rightWeight;
    const difference = this.#left[1] * this.weight - this.#total[1] * leftWeight;
    return (difference * difference) / (leftWeight * rightWeight);
  }

  leftValue(): number {
    return this.#left[1] / this.leftWeight;
  }

  rightValue(): number {
    return (this.#total[1] - this.#left[1]) / (this.weight - this.leftWeight);
  }

  addLeaf(leaves: LeafTableBuilder, { lower, upper }: Bounds): number {
    const total = this.#total;
    const fraction = total[1] / this.weight;
    if (fraction < lower || fraction > upper) {
      const clipped = fraction < lower ? lower : upper;
      if (clipped < 1) leaves.push(0, (1 - clipped) * this.weight);
      if (clipped > 0) leaves.push(1, clipped * this.weight);
      return leaves.endRow();
    }
    for (let i = 0; i < this.#numPresent; i++) leaves.push(this.#present[i], total[this.#present[i]]);
    return leaves.endRow();
  }

  /** The term that a class of this weight adds to the sum. Rounding can make a weight slightly negative. */
  #term(x: number): number {
    if (!this.#isEntropy) return x * x;
    if (x <= 0) return 0;
    // undefined for a weight that is not an integer
    return this.#xLogX[x] ?? x * log(x);
  }
}
