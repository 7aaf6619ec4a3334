// Squared error and Poisson deviance: a leaf predicts the mean.

import { log } from '../base/numeric.ts';
import type { Bounds, Criterion } from './criterion.ts';
import { LEAF_VALUE, LEAF_WEIGHT, type LeafTableBuilder } from './leaf-table.ts';

const LEAST_SUM = 2.220446049250313e-16; // as in scikit-learn: a Poisson leaf must not predict 0

export class MeanCriterion implements Criterion {
  weight = 0;
  isPure = false;
  leftWeight = 0;
  readonly #isPoisson: boolean;
  readonly #values: Float64Array;
  readonly #weights: Float64Array;
  #rows: Int32Array = new Int32Array(0);
  #start = 0;
  #end = 0;
  #sum = 0;
  /** Sums over the rows moved: of the completed codes, and of the current code. */
  #leftSum = 0;
  #codeSum = 0;
  // numbers of rows that add to a sum: without any, the result of a subtraction is rounding alone
  #numAbove = 0;
  #leftAbove = 0;

  /** @param weights weight of each row in the current tree */
  constructor(isPoisson: boolean, values: Float64Array, weights: Float64Array) {
    this.#isPoisson = isPoisson;
    this.#values = values;
    this.#weights = weights;
  }

  enter(rows: Int32Array, start: number, end: number): void {
    const values = this.#values;
    const first = values[rows[start]];
    this.#rows = rows;
    this.#start = start;
    this.#end = end;
    this.#sum = 0;
    this.#numAbove = 0;
    this.weight = 0;
    this.isPure = true;
    for (let i = start; i < end; i++) {
      const value = values[rows[i]];
      const weight = this.#weights[rows[i]];
      this.#sum += weight * value;
      if (weight * value > 0) this.#numAbove++;
      this.weight += weight;
      if (value !== first) this.isPure = false;
    }
  }

  /** Source: scikit-learn 1.9.1, `MSE` and `Poisson`; in two passes, to avoid cancellation. */
  impurity(): number {
    if (this.isPure) return 0;
    const mean = this.#sum / this.weight;
    let loss = 0;
    for (let i = this.#start; i < this.#end; i++) {
      const value = this.#values[this.#rows[i]];
      const weight = this.#weights[this.#rows[i]];
      if (!this.#isPoisson) loss += weight * (value - mean) * (value - mean);
      else if (value > 0) loss += weight * value * log(value / mean);
    }
    return loss / this.weight;
  }

  startSweep(): void {
    this.leftWeight = 0;
    this.#leftSum = 0;
    this.#codeSum = 0;
    this.#leftAbove = 0;
  }

  move(row: number): void {
    const weight = this.#weights[row];
    const part = weight * this.#values[row];
    this.leftWeight += weight;
    this.#codeSum += part;
    if (part > 0) this.#leftAbove++;
  }

  /** Sums code by code, as the kernel does: rounding is part of the result. */
  endCode(): void {
    this.#leftSum += this.#codeSum;
    this.#codeSum = 0;
  }

  score(): number {
    const { weight, leftWeight } = this;
    const rightWeight = weight - leftWeight;
    const leftSum = this.#leftSum + this.#codeSum;
    if (!this.#isPoisson) {
      const difference = leftSum * weight - this.#sum * leftWeight;
      return (difference * difference) / (leftWeight * rightWeight);
    }
    const rightSum = this.#sum - leftSum;
    const isZero = this.#leftAbove === 0 || this.#leftAbove === this.#numAbove;
    if (isZero || leftSum <= LEAST_SUM || rightSum <= LEAST_SUM) return Number.NEGATIVE_INFINITY;
    return leftSum * log(leftSum / leftWeight) + rightSum * log(rightSum / rightWeight);
  }

  leftValue(): number {
    return (this.#leftSum + this.#codeSum) / this.leftWeight;
  }

  rightValue(): number {
    return (this.#sum - (this.#leftSum + this.#codeSum)) / (this.weight - this.leftWeight);
  }

  addLeaf(leaves: LeafTableBuilder, { lower, upper }: Bounds): number {
    const value = this.isPure ? this.#values[this.#rows[this.#start]] : this.#sum / this.weight;
    leaves.push(LEAF_VALUE, Math.min(Math.max(value, lower), upper));
    leaves.push(LEAF_WEIGHT, this.weight);
    return leaves.endRow();
  }
}
