// Draws the sample of a tree: a weight for each row, which depends on the table, the parameters and the tree's number.

import { InputError } from '../base/errors.ts';
import { STREAM } from '../base/random.ts';
import { isFraction, type ResolvedParams } from './params.ts';
import type { TrainingTable } from './training-table.ts';
import { MAX_SAMPLES_PER_ROW } from './tree.ts';
import { TreeRandom } from './tree-random.ts';

export class RowSampler {
  readonly #table: TrainingTable;
  readonly #params: ResolvedParams;
  readonly #random = new TreeRandom();
  /** Sample weights times class weights; null when all are 1. */
  readonly #weights: Float64Array | null;
  /** Cumulative weights, shape [numRows]; only when rows are drawn by weight. */
  readonly #cumulative: Float64Array | null;
  readonly #numDraws: number;

  /** @throws {InputError} when all weights are 0 after multiplication by the class weights */
  constructor(table: TrainingTable, params: ResolvedParams) {
    this.#table = table;
    this.#params = params;
    this.#weights = rowWeights(table, params);
    const cumulative = this.#weights && cumulate(this.#weights);
    const total = cumulative ? cumulative[cumulative.length - 1] : table.numRows;
    if (total === 0) throw new InputError('classWeight must give at least one row a weight above 0');
    this.#cumulative = params.bootstrap ? cumulative : null;
    const { maxSamples } = params;
    this.#numDraws =
      maxSamples === null
        ? table.numRows
        : isFraction(maxSamples)
          ? Math.max(1, Math.floor(maxSamples * total))
          : maxSamples;
  }

  /**
   * The weight of each row in a tree, 0 for a row out of bag.
   * With bootstrap, sample weights are the probabilities of being drawn, and the tree sees how often each row was drawn;
   * without bootstrap, the tree sees the weights themselves.
   *
   * Source: scikit-learn 1.9.1, `_parallel_build_trees`.
   */
  draw(treeIndex: number, out: Float64Array): void {
    const { bootstrap, classWeight, seed } = this.#params;
    if (!bootstrap) {
      if (this.#weights === null) out.fill(1);
      else out.set(this.#weights);
      return;
    }
    const { numRows } = this.#table;
    const random = this.#random.start(seed, STREAM.bootstrap, treeIndex);
    out.fill(0);
    if (this.#cumulative === null) {
      // the kernel counts in four bits; with maxSamples, a row may be drawn more often
      const most = this.#params.maxSamples === null ? MAX_SAMPLES_PER_ROW : Number.POSITIVE_INFINITY;
      for (let i = 0; i < this.#numDraws; i++) {
        const row = random.nextBelow(numRows);
        if (out[row] < most) out[row]++;
      }
    } else for (let i = 0; i < this.#numDraws; i++) out[drawByWeight(this.#cumulative, random)]++;
    if (classWeight === 'balanced_subsample') this.#balance(out);
  }

  #balance(counts: Float64Array): void {
    const { labels, numClasses } = this.#table.target;
    const weights = balancedWeights(labels!, numClasses!, counts);
    for (let row = 0; row < counts.length; row++) counts[row] *= weights[labels![row]];
  }
}

/** Whether trees may see weights that are not integers. */
export function hasRealWeights({ weights }: TrainingTable, { bootstrap, classWeight }: ResolvedParams): boolean {
  return bootstrap ? classWeight === 'balanced_subsample' : weights !== undefined || classWeight !== null;
}

function rowWeights({ target, weights }: TrainingTable, params: ResolvedParams): Float64Array | null {
  const { classWeight, bootstrap } = params;
  if (classWeight === null || (classWeight === 'balanced_subsample' && bootstrap)) return weights ?? null;
  const { labels, numClasses } = target;
  const ofClass = typeof classWeight === 'string' ? balancedWeights(labels!, numClasses!, weights) : classWeight;
  return Float64Array.from(labels!, (label, row) => ofClass[label] * (weights ? weights[row] : 1));
}

/**
 * Compute weights that give each class present the same total.
 *
 * @param counts how often each row counts; by default once
 * Source: scikit-learn 1.9.1, `compute_class_weight`.
 */
function balancedWeights(labels: Uint16Array, numClasses: number, counts?: Float64Array): Float64Array {
  const ofClass = new Float64Array(numClasses);
  let total = 0;
  for (let row = 0; row < labels.length; row++) {
    const count = counts ? counts[row] : 1;
    ofClass[labels[row]] += count;
    total += count;
  }
  const numPresent = ofClass.filter((count) => count > 0).length;
  return ofClass.map((count) => (count > 0 ? total / (numPresent * count) : 0));
}

function cumulate(weights: Float64Array): Float64Array {
  let sum = 0;
  return weights.map((weight) => {
    sum += weight;
    return sum;
  });
}

/** Draw the first row whose cumulative weight is above a random share of the total: never a row of weight 0. */
function drawByWeight(cumulative: Float64Array, random: TreeRandom): number {
  const high = random.nextUint32();
  const unit = (high * 2097152 + (random.nextUint32() >>> 11)) / 9007199254740992; // 53 bits, below 1
  const share = unit * cumulative[cumulative.length - 1];
  let low = 0;
  let end = cumulative.length - 1;
  while (low < end) {
    const middle = (low + end) >>> 1;
    if (cumulative[middle] > share) end = middle;
    else low = middle + 1;
  }
  return low;
}
