// The best split of a node, for any criterion and kind of feature.

import { CategoryOrder } from './category-order.ts';
import { CodeSort } from './code-sort.ts';
import type { Bounds, Criterion } from './criterion.ts';
import type { ResolvedParams } from './params.ts';
import { isWide, missingCode, type TrainingTable } from './training-table.ts';
import { SET_BYTES } from './tree.ts';
import type { TreeRandom } from './tree-random.ts';

export interface Split {
  feature: number;
  /** Codes up to this one go left; 0 when `categories` replaces it. */
  cut: number;
  isMissingLeft: boolean;
  /** Categories that go left, one bit each. */
  categories: Uint8Array | null;
  /** Predictions of the children, before clipping. */
  leftValue: number;
  rightValue: number;
}

const NO_BOUNDS: Bounds = { lower: Number.NEGATIVE_INFINITY, upper: Number.POSITIVE_INFINITY };

export class SplitSearch {
  /** The best split of the node so far. */
  best: Split | null = null;
  /** Whether some feature tried had two different codes in the node. */
  hasVaried = false;
  readonly #table: TrainingTable;
  readonly #params: ResolvedParams;
  readonly #criterion: Criterion;
  readonly #random: TreeRandom;
  readonly #sorted: CodeSort;
  readonly #order: CategoryOrder;
  readonly #missing: number;
  #nodeRows: Int32Array = new Int32Array(0);
  #start = 0;
  #end = 0;
  #bounds = NO_BOUNDS;
  #minWeight = 0;
  #bestScore = Number.NEGATIVE_INFINITY;

  /**
   * @param perTree `weights`: weight of each row in the current tree; `random`: draws the cuts of extra-trees
   */
  constructor(
    table: TrainingTable,
    params: ResolvedParams,
    criterion: Criterion,
    { weights, random }: { weights: Float64Array; random: TreeRandom },
  ) {
    this.#table = table;
    this.#params = params;
    this.#criterion = criterion;
    this.#random = random;
    this.#sorted = new CodeSort(table.numRows, isWide(table));
    this.#order = new CategoryOrder(table.target, weights);
    this.#missing = missingCode(table);
  }

  /**
   * Start with the node that the criterion has entered.
   *
   * @param limits monotonic bounds, and the minimum weight of each child
   */
  enter(
    nodeRows: Int32Array,
    start: number,
    end: number,
    { bounds, minWeight }: { bounds: Bounds; minWeight: number },
  ): void {
    this.#nodeRows = nodeRows;
    this.#start = start;
    this.#end = end;
    this.#bounds = bounds;
    this.#minWeight = minWeight;
    this.best = null;
    this.hasVaried = false;
    this.#bestScore = Number.NEGATIVE_INFINITY;
  }

  /** Search for a better split by this feature. On a tie the split found first wins. */
  tryFeature(feature: number): void {
    const column = this.#table.columns[feature];
    const isCategorical = this.#table.isCategorical?.[feature] ?? false;
    if (this.#params.splitter === 'random' && !isCategorical) {
      this.#tryRandomCut(feature);
      return;
    }
    const numRows = this.#end - this.#start;
    this.#sorted.sort(this.#nodeRows, this.#start, this.#end, column);
    const { codes } = this.#sorted;
    if (codes[0] === codes[numRows - 1]) return;
    this.hasVaried = true;
    if (isCategorical) this.#tryCategories(feature);
    else this.#tryCuts(feature);
  }

  /** Try all cuts with the missing values on the right (in the last cut they are alone), then with them on the left. */
  #tryCuts(feature: number): void {
    const criterion = this.#criterion;
    const { rows, codes } = this.#sorted;
    const numRows = this.#end - this.#start;
    let numKnown = numRows;
    while (codes[numKnown - 1] === this.#missing) numKnown--;
    const lastCode = this.#table.edges[feature].length;
    criterion.startSweep();
    for (let i = 1; i <= numKnown && i < numRows; i++) {
      criterion.move(rows[i - 1]);
      if (codes[i] === codes[i - 1]) continue;
      criterion.endCode();
      if (!this.#isBetter(feature, i)) continue;
      this.#keep(feature, i === numKnown ? lastCode : cutBetween(codes[i - 1], codes[i]), numKnown === numRows);
    }
    if (numKnown === numRows) return;
    criterion.startSweep();
    for (let i = numKnown; i < numRows; i++) criterion.move(rows[i]);
    criterion.endCode();
    for (let i = 1; i < numKnown; i++) {
      criterion.move(rows[i - 1]);
      if (codes[i] === codes[i - 1]) continue;
      criterion.endCode();
      if (!this.#isBetter(feature, numRows - numKnown + i)) continue;
      this.#keep(feature, cutBetween(codes[i - 1], codes[i]), false);
      this.best!.isMissingLeft = true;
    }
  }

  /** Try the cuts of the categories in each order; missing values are one more category. */
  #tryCategories(feature: number): void {
    const criterion = this.#criterion;
    const { rows, codes } = this.#sorted;
    const order = this.#order;
    order.enter(this.#sorted, this.#end - this.#start);
    const isRandom = this.#params.splitter === 'random';
    const drawn = isRandom ? order.shuffle(this.#random) : -1;
    for (let i = 0; i < order.numOrders && (!isRandom || i === 0); i++) {
      const groups = isRandom ? order.groups : order.sortBy(i);
      criterion.startSweep();
      let numLeft = 0;
      for (let g = 0; g + 1 < groups.length; g++) {
        const [start, end] = order.range(groups[g]);
        for (let at = start; at < end; at++) criterion.move(rows[at]);
        criterion.endCode();
        numLeft += end - start;
        if ((isRandom && g !== drawn) || !this.#isBetter(feature, numLeft)) continue;
        this.#keep(feature, 0, false);
        this.#keepCategories(groups, g + 1, (group) => codes[order.range(group)[0]]);
      }
    }
  }

  /** The categories of the first groups go left; categories absent from the node go to the bigger child. */
  #keepCategories(groups: ArrayLike<number>, numLeft: number, codeOf: (group: number) => number): void {
    const best = this.best!;
    const isLeftBigger = 2 * this.#criterion.leftWeight > this.#criterion.weight;
    const set = new Uint8Array(SET_BYTES).fill(isLeftBigger ? 255 : 0);
    best.isMissingLeft = isLeftBigger;
    for (let g = 0; g < groups.length; g++) {
      const code = codeOf(groups[g]);
      const isLeft = g < numLeft;
      if (code === this.#missing) best.isMissingLeft = isLeft;
      else if (isLeft) set[code >> 3] |= 1 << (code & 7);
      else set[code >> 3] &= ~(1 << (code & 7));
    }
    set[SET_BYTES - 1] &= 127; // code 255 is not a category
    best.categories = set;
  }

  /**
   * Try one cut, drawn uniformly from the node's least code to the one below its greatest; missing values go to a random
   * child, or alone to the right when all others are equal.
   * Source: Geurts et al., "Extremely randomized trees", doi:10.1007/s10994-006-6226-1, here on codes.
   */
  #tryRandomCut(feature: number): void {
    const column = this.#table.columns[feature];
    let first = this.#missing;
    let last = -1;
    let numMissing = 0;
    for (let i = this.#start; i < this.#end; i++) {
      const code = column[this.#nodeRows[i]];
      if (code === this.#missing) numMissing++;
      else {
        if (code < first) first = code;
        if (code > last) last = code;
      }
    }
    if (last < 0 || (first === last && numMissing === 0)) return;
    this.hasVaried = true;
    const cut = first === last ? this.#table.edges[feature].length : first + this.#random.nextBelow(last - first);
    const isMissingLeft = numMissing > 0 && first < last && this.#random.nextBelow(2) === 1;
    this.#criterion.startSweep();
    let numLeft = 0;
    for (let i = this.#start; i < this.#end; i++) {
      const row = this.#nodeRows[i];
      if (column[row] === this.#missing ? !isMissingLeft : column[row] > cut) continue;
      this.#criterion.move(row);
      numLeft++;
    }
    if (!this.#isBetter(feature, numLeft)) return;
    this.#keep(feature, cut, numMissing === 0);
    if (numMissing > 0) this.best!.isMissingLeft = isMissingLeft;
  }

  /** Make the current split the best if it is allowed and better. @returns whether it did */
  #isBetter(feature: number, numLeft: number): boolean {
    const criterion = this.#criterion;
    const numRight = this.#end - this.#start - numLeft;
    const { minSamplesLeaf, monotonicConstraints } = this.#params;
    if (numLeft < minSamplesLeaf || numRight < minSamplesLeaf) return false;
    const { leftWeight, weight } = criterion;
    if (leftWeight < this.#minWeight || weight - leftWeight < this.#minWeight) return false;
    if (monotonicConstraints?.[feature] && !this.#isMonotonic(monotonicConstraints[feature])) return false;
    const score = criterion.score();
    if (!(score > this.#bestScore)) return false;
    this.#bestScore = score;
    return true;
  }

  #isMonotonic(sign: number): boolean {
    const { lower, upper } = this.#bounds;
    const left = this.#criterion.leftValue();
    const right = this.#criterion.rightValue();
    return left >= lower && left <= upper && right >= lower && right <= upper && (left - right) * sign <= 0;
  }

  /** @param isComplete whether no value is missing in the node: values missing later then go to the bigger child */
  #keep(feature: number, cut: number, isComplete: boolean): void {
    const criterion = this.#criterion;
    this.best = {
      feature,
      cut,
      isMissingLeft: isComplete && 2 * criterion.leftWeight > criterion.weight,
      categories: null,
      leftValue: this.#params.monotonicConstraints ? criterion.leftValue() : 0,
      rightValue: this.#params.monotonicConstraints ? criterion.rightValue() : 0,
    };
  }
}

/** Whether a row with this code goes left. */
export function goesLeft({ cut, isMissingLeft, categories }: Split, code: number, missing: number): boolean {
  if (code === missing) return isMissingLeft;
  if (categories !== null) return ((categories[code >> 3] >> (code & 7)) & 1) === 1;
  return code <= cut;
}

/**
 * The code to cut at between neighbouring codes a < b of a node: halfway, as a threshold lies halfway between values.
 * Any code of [a, b) separates this node's rows equally; the middle separates new rows best.
 */
function cutBetween(a: number, b: number): number {
  return (a + b - 1) >> 1;
}
