// Absolute error: a leaf predicts the weighted median.

import type { Bounds, Criterion } from './criterion.ts';
import { LEAF_VALUE, LEAF_WEIGHT, type LeafTableBuilder } from './leaf-table.ts';

/**
 * Finds the median and loss of a child in logarithmic time from sums over ranges of ranks. Fenwick trees hold the sums
 * of the left child and of the node; their difference is the right child.
 * Source: Fenwick, "A new data structure for cumulative frequency tables", doi:10.1002/spe.4380240306; scikit-learn
 * 1.9.1, `MAE`.
 */
export class MedianCriterion implements Criterion {
  weight = 0;
  isPure = false;
  leftWeight = 0;
  readonly #values: Float64Array;
  readonly #weights: Float64Array;
  /** Rank of each row's value among those of the node. */
  readonly #rank: Int32Array;
  /** Distinct values of the node, ascending. */
  #distinct = new Float64Array(0);
  /** Fenwick trees over ranks, from 1: weights, and weights times values, of the node and of the left child. */
  readonly #nodeWeights: Float64Array;
  readonly #nodeSums: Float64Array;
  readonly #leftWeights: Float64Array;
  readonly #leftSums: Float64Array;
  #sum = 0;
  #leftSum = 0;

  /** @param weights weight of each row in the current tree */
  constructor(values: Float64Array, weights: Float64Array) {
    const array = () => new Float64Array(values.length + 1);
    this.#values = values;
    this.#weights = weights;
    this.#rank = new Int32Array(values.length);
    this.#nodeWeights = array();
    this.#nodeSums = array();
    this.#leftWeights = array();
    this.#leftSums = array();
  }

  enter(rows: Int32Array, start: number, end: number): void {
    const sorted = Float64Array.from(rows.subarray(start, end), (row) => this.#values[row]).sort();
    this.#distinct = sorted.filter((value, i) => i === 0 || value !== sorted[i - 1]);
    const numRanks = this.#distinct.length;
    this.isPure = numRanks === 1;
    this.#nodeWeights.fill(0, 0, numRanks + 1);
    this.#nodeSums.fill(0, 0, numRanks + 1);
    this.weight = 0;
    this.#sum = 0;
    for (let i = start; i < end; i++) {
      const row = rows[i];
      const rank = lowerBound(this.#distinct, this.#values[row]);
      const weight = this.#weights[row];
      this.#rank[row] = rank;
      this.weight += weight;
      this.#sum += weight * this.#values[row];
      add(this.#nodeWeights, numRanks, rank, weight);
      add(this.#nodeSums, numRanks, rank, weight * this.#values[row]);
    }
    this.startSweep();
  }

  impurity(): number {
    this.startSweep();
    return this.isPure ? 0 : this.#rightLoss() / this.weight;
  }

  startSweep(): void {
    this.#leftWeights.fill(0, 0, this.#distinct.length + 1);
    this.#leftSums.fill(0, 0, this.#distinct.length + 1);
    this.leftWeight = 0;
    this.#leftSum = 0;
  }

  endCode(): void {}

  move(row: number): void {
    const rank = this.#rank[row];
    const weight = this.#weights[row];
    const numRanks = this.#distinct.length;
    this.leftWeight += weight;
    this.#leftSum += weight * this.#values[row];
    add(this.#leftWeights, numRanks, rank, weight);
    add(this.#leftSums, numRanks, rank, weight * this.#values[row]);
  }

  score(): number {
    return -(this.#leftLoss() + this.#rightLoss());
  }

  leftValue(): number {
    return this.#median(this.leftWeight, 1, 0);
  }

  rightValue(): number {
    return this.#median(this.weight - this.leftWeight, -1, 1);
  }

  addLeaf(leaves: LeafTableBuilder, { lower, upper }: Bounds): number {
    this.startSweep();
    leaves.push(LEAF_VALUE, Math.min(Math.max(this.rightValue(), lower), upper));
    leaves.push(LEAF_WEIGHT, this.weight);
    return leaves.endRow();
  }

  #leftLoss(): number {
    return this.#loss(this.leftWeight, this.#leftSum, 1, 0);
  }

  #rightLoss(): number {
    return this.#loss(this.weight - this.leftWeight, this.#sum - this.#leftSum, -1, 1);
  }

  /** Sum of the distances to the median of a child, given as multiples of the left child's rows and the node's. */
  #loss(weight: number, sum: number, timesLeft: number, timesNode: number): number {
    const [rank, weightBelow, sumBelow] = this.#descend(weight / 2, timesLeft, timesNode);
    const median = this.#distinct[rank];
    return median * weightBelow - sumBelow + (sum - sumBelow) - median * (weight - weightBelow);
  }

  /** The weighted median; the middle of two values when exactly half of the weight lies on either side. */
  #median(weight: number, timesLeft: number, timesNode: number): number {
    const [rank] = this.#descend(weight / 2, timesLeft, timesNode);
    const upTo = timesLeft * prefix(this.#leftWeights, rank + 1) + timesNode * prefix(this.#nodeWeights, rank + 1);
    if (upTo !== weight / 2) return this.#distinct[rank];
    const [next] = this.#descend(upTo, timesLeft, timesNode, true);
    return this.#distinct[rank] / 2 + this.#distinct[next] / 2;
  }

  /**
   * The first rank up to which there is at least (or more than) the share, with weight and sum below it.
   *
   * @returns the last rank if rounding leaves none
   */
  #descend(
    share: number,
    timesLeft: number,
    timesNode: number,
    isStrict = false,
  ): [rank: number, weightBelow: number, sumBelow: number] {
    const numRanks = this.#distinct.length;
    let at = 0;
    let weight = 0;
    let sum = 0;
    for (let step = 2 ** (31 - Math.clz32(numRanks)); step > 0; step >>= 1) {
      const next = at + step;
      if (next > numRanks) continue;
      const added = timesLeft * this.#leftWeights[next] + timesNode * this.#nodeWeights[next];
      if (isStrict ? weight + added > share : weight + added >= share) continue;
      at = next;
      weight += added;
      sum += timesLeft * this.#leftSums[next] + timesNode * this.#nodeSums[next];
    }
    return [Math.min(at, numRanks - 1), weight, sum];
  }
}

function add(tree: Float64Array, numRanks: number, rank: number, amount: number): void {
  for (let i = rank + 1; i <= numRanks; i += i & -i) tree[i] += amount;
}

/** Sum of the first ranks. */
function prefix(tree: Float64Array, numRanks: number): number {
  let sum = 0;
  for (let i = numRanks; i > 0; i &= i - 1) sum += tree[i];
  return sum;
}

/** First position whose value is not below. */
function lowerBound(sorted: Float64Array, value: number): number {
  let low = 0;
  let end = sorted.length;
  while (low < end) {
    const middle = (low + end) >>> 1;
    if (sorted[middle] < value) low = middle + 1;
    else end = middle;
  }
  return low;
}
