// Orders of the categories in a node: the search finds the best subset of categories among the cuts of an order.

import type { CodeSort } from './code-sort.ts';
import type { Target } from './training-table.ts';
import type { TreeRandom } from './tree-random.ts';

const MAX_ORDERS = 10; // with more classes, only the most frequent in the node

/**
 * Regression and two classes need one order, by mean value or by the share of the second class; the best of all subsets
 * is among its cuts. More than two classes have one order for each class, by its share.
 * Source: Breiman et al., "Classification and regression trees", theorem 4.5; Fisher, "On grouping for maximum
 * homogeneity", doi:10.1080/01621459.1958.10501479.
 */
export class CategoryOrder {
  numOrders = 0;
  /** Groups of rows with one code, in the order of the last sort or shuffle. */
  groups: number[] = [];
  readonly #target: Target;
  readonly #weights: Float64Array;
  /** Index among the sorted rows at which each group starts, then the end of the last group. */
  readonly #starts: number[] = [];
  readonly #means = new Float64Array(256);
  #rows: Int32Array = new Int32Array(0);
  /** The class by whose share each order sorts. */
  #classes: number[] = [];

  constructor(target: Target, weights: Float64Array) {
    this.#target = target;
    this.#weights = weights;
  }

  /** Start with the rows of a node, sorted by code. */
  enter({ rows, codes }: CodeSort, numRows: number): void {
    this.#rows = rows;
    this.#starts.length = 0;
    for (let i = 0; i < numRows; i++) if (i === 0 || codes[i] !== codes[i - 1]) this.#starts.push(i);
    this.groups = Array.from(this.#starts.keys());
    this.#starts.push(numRows);
    this.#classes = this.#orderClasses(numRows);
    this.numOrders = this.#classes.length;
  }

  /** Range [start, end) of a group's rows. */
  range(group: number): [start: number, end: number] {
    return [this.#starts[group], this.#starts[group + 1]];
  }

  /** Sort the groups by their means; equal means by code. */
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

  /** Shuffle the groups. @returns a random group other than the last */
  shuffle(random: TreeRandom): number {
    const { groups } = this;
    for (let i = groups.length - 1; i > 0; i--) {
      const j = random.nextBelow(i + 1);
      [groups[i], groups[j]] = [groups[j], groups[i]];
    }
    return random.nextBelow(groups.length - 1);
  }

  /** Classes to order by, the most frequent first; a single entry for regression. */
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
