// Orders of the categories in a node, so that the best subset is found among the cuts of an order.

import type { CodeSort } from './code-sort.ts';
import type { Target } from './training-table.ts';
import type { TreeRandom } from './tree-random.ts';

const MAX_ORDERS = 10; // of more classes than that, the most frequent in the node

/**
 * Values and two classes need one order, by mean value or share of the second class, and the best of all subsets is
 * among its cuts. More classes have one order for each class, by its share.
 * Source: Breiman et al., "Classification and regression trees", theorem 4.5; Fisher, "On grouping for maximum
 * homogeneity", doi:10.1080/01621459.1958.10501479.
 */
export class CategoryOrder {
  numOrders = 0;
  /** Groups of rows of one code, as sorted or shuffled last. */
  groups: number[] = [];
  readonly #target: Target;
  readonly #weights: Float64Array;
  /** Where each group starts among the sorted rows, and the end of the last. */
  readonly #starts: number[] = [];
  readonly #means = new Float64Array(256);
  #rows: Int32Array = new Int32Array(0);
  /** The class of each order. */
  #classes: number[] = [];

  constructor(target: Target, weights: Float64Array) {
    this.#target = target;
    this.#weights = weights;
  }

  /** Turn to the rows of a node, sorted by code. */
  enter({ rows, codes }: CodeSort, numRows: number): void {
    this.#rows = rows;
    this.#starts.length = 0;
    for (let i = 0; i < numRows; i++) if (i === 0 || codes[i] !== codes[i - 1]) this.#starts.push(i);
    this.groups = Array.from(this.#starts.keys());
    this.#starts.push(numRows);
    this.#classes = this.#orderClasses(numRows);
    this.numOrders = this.#classes.length;
  }

  /** Positions [start, end) of a group's rows. */
  range(group: number): [start: number, end: number] {
    return [this.#starts[group], this.#starts[group + 1]];
  }

  /** The groups in the order of their means; equal ones by code. */
  sortBy(order: number): number[] {
    const { labels, values } = this.#target;
    const ofClass = this.#classes[order];
    for (const group of this.groups) {
      let sum = 0;
      let weight = 0;
      for (let i = this.#starts[group]; i < this.#starts[group + 1]; i++) {
        const row = this.#rows[i];
        weight += this.#weights[row];
        if (labels) sum += labels[row] === ofClass ? this.#weights[row] : 0;
        else sum += this.#weights[row] * values[row];
      }
      this.#means[group] = sum / weight;
    }
    return this.groups.sort((a, b) => this.#means[a] - this.#means[b] || a - b);
  }

  /** Bring the groups into a random order. @returns a random group that isn't the last */
  shuffle(random: TreeRandom): number {
    const { groups } = this;
    for (let i = groups.length - 1; i > 0; i--) {
      const j = random.nextBelow(i + 1);
      [groups[i], groups[j]] = [groups[j], groups[i]];
    }
    return random.nextBelow(groups.length - 1);
  }

  /** Classes to order by, the most frequent first; one that stands for the values of a regressor. */
  #orderClasses(numRows: number): number[] {
    const { labels, numClasses } = this.#target;
    if (!labels) return [0];
    if (numClasses <= 2) return [1];
    const weightOf = new Map<number, number>();
    for (let i = 0; i < numRows; i++) {
      const row = this.#rows[i];
      weightOf.set(labels[row], (weightOf.get(labels[row]) ?? 0) + this.#weights[row]);
    }
    const byWeight = [...weightOf].sort(([a, weightA], [b, weightB]) => weightB - weightA || a - b);
    return byWeight.slice(0, MAX_ORDERS).map(([label]) => label);
  }
}
